"""Which scrap was not what was booked: from heats' analyses, by the likelihood of every exchange.

Each hypothesis says that what was booked as one material was another. It moves the predicted analysis by what the two
differ in, element by element, and scatters as that other material does. The odds of a heat's analysis and of the steel
tapped under it, against the charge as booked (lots odd as a whole among it), with how seldom anybody books wrongly,
give its probability (Bayes). Heats before and after it tell what is in the lots it drew on: a heat's verdict is firmer
when the next few are known. Residuals have heavier tails than a normal's, so their likelihood is Student's; those of
one heat's elements go together, so their evidence counts in part (a coarsened posterior, Miller and Dunson 2019).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import MaterialKind
from surrogate.fit.heat_data import prepare
from surrogate.judge.shared_lots import AFTER_HEATS, BEFORE_HEATS, SharedLots
from surrogate.model.model import Surrogate

WRONG_ONCE_IN = 14.0
"""Weight of one heat in so many for wrong booking: of a thousand heats booked rightly, one or two are then told."""
DEGREES = 12.0
"""Of freedom of a standardised residual's Student distribution."""
EVIDENCE_SHARE = 0.7
"""What one of many elements' evidence counts."""
ODD_LOTS = (0.6, 1.5)
"""What lots now and then hold of everything, as a share of the usual: they are dirty or clean as a whole."""
ODD_SHARE = 0.05
"""Share of a material's lots that are so."""
FEWEST_WEIGHED, LEAST_MASS_SD, MAD_TO_SD = 20, 0.004, 1.4826
"""Heats whose steel was weighed from which its scatter is known, and the least of that, relative."""
DOUBTED_FROM = 0.2
"""Probability of wrong booking from which a heat is no evidence of its lots."""
LEAST_SHARE = 0.04
"""Share of the metal from which a wrongly booked material is looked for."""
TOLD_FROM = 0.5
"""Probability from which it is told."""
ALIKE_SHARE = 0.1
"""Share of the probability from which a second material, alike to the likeliest, is named with it."""


@dataclass(frozen=True)
class Misbooked:
    """A material that was probably not what was booked.

    Attributes:
        booked: as which it was booked.
        or_booked: another that was charged, so alike that it may as well have been this; None where none is.
        really: what it most probably was.
        probability: that what was booked so, as either, was something else.
        really_probability: that it was this.
        element: that shows it most.
        off_by_wt_pct: how much more of that the analysis has than the booked charge would give.
    """

    heat_id: str
    booked: str
    or_booked: str | None
    really: str
    probability: float
    really_probability: float
    element: Element
    off_by_wt_pct: float

    def in_words(self) -> str:
        """Such as "E8 new or E6 bales: Cu too high by 0.090 wt%; 87 % that it held E40 shredded"."""
        high = "high" if self.off_by_wt_pct > 0 else "low"
        booked = self.booked if self.or_booked is None else f"{self.booked} or {self.or_booked}"
        return (
            f"{booked}: {self.element} too {high} by {abs(self.off_by_wt_pct):.3f} wt%; "
            f"{100 * self.really_probability:.0f} % that it held {self.really}"
        )


def misbooked(
    model: Surrogate, log: HeatLog, newest: int | None = None, told_from: float = TOLD_FROM
) -> list[Misbooked]:
    """Heats of a log of which a material was probably not what was booked.

    Args:
        model: that knows the plant's materials.
        log: successive heats, oldest first; those around a heat tell what is in the lots it drew on.
        newest: how many heats at the end of the log are judged; all of them unless given.
        told_from: least probability.

    Raises:
        InputError: a heat charges a material the model does not know, or a probability is none.
    """
    if not 0.0 < told_from < 1.0:
        raise InputError(told_from, "told_from", "a probability above 0 and below 1, such as 0.5")
    first = 0 if newest is None else max(0, len(log) - newest)
    start = max(0, first - BEFORE_HEATS)
    seen = log.rows(slice(start, None))
    lots = SharedLots.of(model, prepare(model, seen))
    mass = _mass_residual(model, seen)
    judged: list[Misbooked | None] = []
    doubted = np.zeros(len(seen), dtype=bool)
    for heat in range(len(seen)):
        found = _judged(seen, lots, mass, heat)
        judged.append(found)
        if found is not None and found.probability >= DOUBTED_FROM:
            # What was perhaps another lot's steel says nothing of the lots that were booked.
            doubted[heat], lots.residuals[heat] = True, np.nan
    for heat in range(first - start, len(seen)):
        if doubted[heat + 1 : heat + 1 + AFTER_HEATS].any():
            judged[heat] = _judged(seen, lots, mass, heat)
    return [one for one in judged[first - start :] if one is not None and one.probability >= told_from]


@dataclass(frozen=True)
class MassResidual:
    """How steel tapped differs from what the charges should give.

    Attributes:
        usual: the ratio's median.
        sd: of the ratio about that; inf where too few heats were weighed to know.
    """

    usual: float
    sd: float


def _mass_residual(model: Surrogate, log: HeatLog) -> MassResidual:
    schema = model.schema
    ratio = log.tapped_t / model.tapped_t(schema.charged(log), schema.standardised(log))
    known = ratio[np.isfinite(ratio)]
    if len(known) < FEWEST_WEIGHED:
        return MassResidual(1.0, np.inf)
    usual = float(np.median(known))
    return MassResidual(usual, max(LEAST_MASS_SD, MAD_TO_SD * float(np.median(np.abs(known - usual)))))


def _judged(log: HeatLog, lots: SharedLots, mass: MassResidual, heat: int) -> Misbooked | None:
    """The likeliest material of one heat to be another than booked; None where none could be told."""
    model, this = lots.model, slice(heat, heat + 1)
    schema = model.schema
    charged, scrap = schema.charged(log.rows(this))[0], _scrap(model)
    metal = charged * schema.metallic
    suspects = [i for i in scrap if metal[i] > LEAST_SHARE * metal.sum()]
    pairs = [(i, j) for i in suspects for j in scrap if i != j]
    seen = lots.data.targets[heat]
    known = np.flatnonzero(np.isfinite(seen))
    if not pairs or not len(known):
        return None
    moved = np.repeat(charged[None], len(pairs) + 1, axis=0)
    for row, (i, j) in enumerate(pairs, start=1):
        moved[row, j] += moved[row, i]
        moved[row, i] = 0.0
    process = np.repeat(schema.standardised(log.rows(this)), len(moved), axis=0)
    tapped = model.tapped_t(moved, process)
    features = schema.features(moved, tapped, process)
    mean, sd = lots.foreseen(features, heat)
    odd = [_odd_lot(model, features[0], i, factor) for i in suspects for factor in ODD_LOTS]
    mean, sd = np.vstack([mean, mean[0] + np.array(odd)]), np.vstack([sd, np.repeat(sd[:1], len(odd), axis=0)])
    z = (seen[known] - mean[:, known]) / sd[:, known]
    likelihood = EVIDENCE_SHARE * (_student(z) - np.log(sd[:, known])).sum(axis=1)
    if np.isfinite(log.tapped_t[heat]) and np.isfinite(mass.sd):
        weighed = (log.tapped_t[heat] / tapped - mass.usual) / mass.sd
        likelihood += _student(np.append(weighed, np.full(len(odd), weighed[0])))
    weights = [1.0], np.full(len(pairs), 1.0 / WRONG_ONCE_IN / len(pairs)), np.full(len(odd), ODD_SHARE / len(ODD_LOTS))
    prior = np.log(np.concatenate(weights))
    posterior = np.exp(likelihood + prior - logsumexp(likelihood + prior))
    exchange = np.zeros((len(metal), len(metal)))
    exchange[tuple(np.transpose(pairs))] = posterior[1 : len(pairs) + 1]
    named = _named(exchange.sum(axis=1))
    of_named = exchange[named].sum(axis=0)
    really = int(np.argmax(of_named))
    best = 1 + pairs.index((max(named, key=lambda i: exchange[i, really]), really))
    elements = [column for column in known if column < len(schema.elements)]
    telling = max(elements, key=lambda o: min(abs(mean[best, o] - mean[0, o]), abs(seen[o] - mean[0, o])) / sd[0, o])
    return Misbooked(
        heat_id=str(log.heat_ids[heat]),
        booked=schema.materials[named[0]].name,
        or_booked=schema.materials[named[1]].name if len(named) > 1 else None,
        really=schema.materials[really].name,
        probability=float(exchange[named].sum()),
        really_probability=float(of_named[really]),
        element=schema.elements[telling],
        off_by_wt_pct=float(seen[telling] - mean[0, telling]),
    )


def _named(of_booked: FloatArray) -> list[int]:
    """The likeliest material to be booked wrongly, and one so alike that it may as well have been that."""
    first, second = np.argsort(-of_booked)[:2].tolist()
    alike = of_booked[second] >= ALIKE_SHARE * (of_booked[first] + of_booked[second]) > 0.0
    return [first, second] if alike else [first]


def _odd_lot(model: Surrogate, features: FloatArray, material: int, factor: float) -> FloatArray:
    """(O,) what a lot of a material that holds so much more of everything adds to the outputs."""
    brought = [output.linear.mean[material] for output in model.outputs.values()]
    elements = np.arange(len(brought)) < len(model.schema.elements)
    return np.asarray((factor - 1.0) * features[material] * np.where(elements, brought, 0.0))


def _scrap(model: Surrogate) -> list[int]:
    """Materials that are taken from bays and can be mistaken for one another."""
    kinds = (MaterialKind.SCRAP, MaterialKind.INTERNAL)
    return [i for i, material in enumerate(model.schema.materials) if material.kind in kinds]


def _student(z: FloatArray) -> FloatArray:
    """Log density of Student's distribution with unit variance."""
    scale = (DEGREES - 2.0) / DEGREES
    constant = gammaln((DEGREES + 1.0) / 2.0) - gammaln(DEGREES / 2.0) - 0.5 * np.log(np.pi * DEGREES * scale)
    return np.asarray(constant - (DEGREES + 1.0) / 2.0 * np.log1p(z**2 / (DEGREES * scale)))
