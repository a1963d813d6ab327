"""Which scrap was not what was booked: from one heat's analysis, by the likelihood of every exchange.

Each hypothesis says that what was booked as one material was another. It moves the predicted analysis by what the two
differ in, element by element, and scatters as that other material does. The odds of a heat's analysis and of the steel
tapped under it, against the charge as booked (lots odd as a whole among it), with how seldom anybody books wrongly,
give its probability (Bayes). Residuals have heavier tails than a normal's, so their likelihood is Student's.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import MaterialKind
from surrogate.fit.heat_data import HeatData, prepare
from surrogate.model.model import Surrogate

WRONG_ONCE_IN = 200.0
"""Heats of which one is booked wrongly, before its analysis is known."""
DEGREES = 12.0
"""Of freedom of a standardised residual's Student distribution."""
ODD_LOTS = (0.6, 1.5)
"""What lots now and then hold of everything, as a share of the usual: they are dirty or clean as a whole."""
ODD_SHARE = 0.05
"""Share of a material's lots that are so."""
FEWEST_WEIGHED, LEAST_MASS_SD, MAD_TO_SD = 20, 0.004, 1.4826
"""Heats whose steel was weighed from which its scatter is known, and the least of that, relative."""
MEMORY_HEATS = 24
"""Heats before that may have drawn on the same lots."""
BELIEVED_SD = 3.0
"""Residuals beyond so many standard deviations are taken for so many."""
DOUBTED_FROM = 0.2
"""Probability of wrong booking from which a heat is no evidence of its lots."""
LEAST_SHARE = 0.04
"""Share of the metal from which a wrongly booked material is looked for."""
TOLD_FROM = 0.5
"""Probability from which it is told."""


@dataclass(frozen=True)
class Misbooked:
    """A material that was probably not what was booked.

    Attributes:
        booked: as which it was booked.
        really: what it most probably was.
        probability: that what was booked so was something else.
        really_probability: that it was this.
        element: that shows it most.
        off_by_wt_pct: how much more of that the analysis has than the booked charge would give.
    """

    heat_id: str
    booked: str
    really: str
    probability: float
    really_probability: float
    element: Element
    off_by_wt_pct: float

    def in_words(self) -> str:
        """Such as "E8 new: Cu too high by 0.090 wt%; 87 % that it held E40 shredded"."""
        high = "high" if self.off_by_wt_pct > 0 else "low"
        return (
            f"{self.booked}: {self.element} too {high} by {abs(self.off_by_wt_pct):.3f} wt%; "
            f"{100 * self.really_probability:.0f} % that it held {self.really}"
        )


def misbooked(
    model: Surrogate, log: HeatLog, newest: int | None = None, told_from: float = TOLD_FROM
) -> list[Misbooked]:
    """Heats of a log of which a material was probably not what was booked.

    Args:
        model: that knows the plant's materials.
        log: successive heats, oldest first; those before a heat tell what is in the lots it drew on.
        newest: how many heats at the end of the log are judged; all of them unless given.
        told_from: least probability.

    Raises:
        InputError: a heat charges a material the model does not know, or a probability is none.
    """
    if not 0.0 < told_from < 1.0:
        raise InputError(told_from, "told_from", "a probability above 0 and below 1, such as 0.5")
    first = 0 if newest is None else max(0, len(log) - newest)
    start = max(0, first - MEMORY_HEATS)
    seen = log.rows(slice(start, None))
    data = prepare(model, seen)
    lots = SharedLots.of(model, data)
    mass = _mass_residual(model, seen)
    found = []
    for heat in range(len(seen)):
        judged = _judged(model, seen, data, lots, mass, heat)
        if judged is None:
            continue
        if judged.probability >= DOUBTED_FROM:
            # What was perhaps another lot's steel says nothing of the lots that were booked.
            lots.residuals[heat] = np.nan
        if heat >= first - start and judged.probability >= told_from:
            found.append(judged)
    return found


@dataclass(frozen=True)
class SharedLots:
    """What successive heats say of the lots that they drew on.

    Attributes:
        residuals: (N, O) what the booked charges leave unexplained; NaN where a heat is no evidence.
        bands: (O, b + 1, N) their lower-banded covariance.
    """

    residuals: FloatArray
    bands: FloatArray

    @staticmethod
    def of(model: Surrogate, data: HeatData) -> "SharedLots":
        """From heats in the order of tapping."""
        lot_sd = np.array([output.lot_sd for output in model.outputs.values()])
        bands = data.lots.bands(lot_sd, data.noise(model.outputs), model.lot_t)
        return SharedLots(data.residuals(model.outputs, BELIEVED_SD), bands)

    def covariance(self, column: int, heats: slice) -> FloatArray:
        """(K, K) of one output's residuals in successive heats."""
        bands = self.bands[column, :, heats]
        size = bands.shape[1]
        found = np.diag(bands[0])
        for lag, band in enumerate(bands[1:size], start=1):
            off = np.diag(band[: size - lag], -lag)
            found = found + off + off.T
        return np.asarray(found)


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


def _judged(
    model: Surrogate, log: HeatLog, data: HeatData, lots: SharedLots, mass: MassResidual, heat: int
) -> Misbooked | None:
    """The likeliest material of one heat to be another than booked; None where none could be told."""
    schema, this = model.schema, slice(heat, heat + 1)
    charged, scrap = schema.charged(log.rows(this))[0], _scrap(model)
    metal = charged * schema.metallic
    suspects = [i for i in scrap if metal[i] > LEAST_SHARE * metal.sum()]
    pairs = [(i, j) for i in suspects for j in scrap if i != j]
    if not pairs:
        return None
    moved = np.repeat(charged[None], len(pairs) + 1, axis=0)
    for row, (i, j) in enumerate(pairs, start=1):
        moved[row, j] += moved[row, i]
        moved[row, i] = 0.0
    process = np.repeat(schema.standardised(log.rows(this)), len(moved), axis=0)
    tapped = model.tapped_t(moved, process)
    features = schema.features(moved, tapped, process)
    mean, sd = _foreseen(model, data, lots, features, heat)
    odd = [_odd_lot(model, features[0], i, factor) for i in suspects for factor in ODD_LOTS]
    mean, sd = np.vstack([mean, mean[0] + np.array(odd)]), np.vstack([sd, np.repeat(sd[:1], len(odd), axis=0)])
    seen = data.targets[heat]
    known = np.flatnonzero(np.isfinite(seen))
    if not len(known):
        return None
    z = (seen[known] - mean[:, known]) / sd[:, known]
    likelihood = _student(z).sum(axis=1) - np.log(sd[:, known]).sum(axis=1)
    if np.isfinite(log.tapped_t[heat]) and np.isfinite(mass.sd):
        weighed = (log.tapped_t[heat] / tapped - mass.usual) / mass.sd
        likelihood += _student(np.append(weighed, np.full(len(odd), weighed[0])))
    weights = [1.0], np.full(len(pairs), 1.0 / WRONG_ONCE_IN / len(pairs)), np.full(len(odd), ODD_SHARE / len(ODD_LOTS))
    prior = np.log(np.concatenate(weights))
    posterior = np.exp(likelihood + prior - logsumexp(likelihood + prior))
    of_booked = {i: sum(posterior[row] for row, (a, _) in enumerate(pairs, 1) if a == i) for i in suspects}
    booked = max(of_booked, key=lambda i: of_booked[i])
    best = max((row for row, (a, _) in enumerate(pairs, 1) if a == booked), key=lambda row: posterior[row])
    elements = [column for column in known if column < len(schema.elements)]
    telling = max(elements, key=lambda o: min(abs(mean[best, o] - mean[0, o]), abs(seen[o] - mean[0, o])) / sd[0, o])
    return Misbooked(
        heat_id=str(log.heat_ids[heat]),
        booked=schema.materials[booked].name,
        really=schema.materials[pairs[best - 1][1]].name,
        probability=float(of_booked[booked]),
        really_probability=float(posterior[best]),
        element=schema.elements[telling],
        off_by_wt_pct=float(seen[telling] - mean[0, telling]),
    )


def _odd_lot(model: Surrogate, features: FloatArray, material: int, factor: float) -> FloatArray:
    """(O,) what a lot of a material that holds so much more of everything adds to the outputs."""
    brought = [output.linear.mean[material] for output in model.outputs.values()]
    elements = np.arange(len(brought)) < len(model.schema.elements)
    return np.asarray((factor - 1.0) * features[material] * np.where(elements, brought, 0.0))


def _foreseen(
    model: Surrogate, data: HeatData, lots: SharedLots, features: FloatArray, heat: int
) -> tuple[FloatArray, FloatArray]:
    """(P, O) mean and standard deviation of a heat under P charges, given the heats that drew on the same lots."""
    outputs = list(model.outputs.values())
    mean = np.column_stack([output.mean(features) for output in outputs])
    variance = np.column_stack([output.sd(features, float(data.unmixed[heat])) ** 2 for output in outputs])
    before = slice(max(0, heat - MEMORY_HEATS), heat)
    if model.lot_t > 0 and heat > 0:
        shares = features[:, : len(model.schema.materials)]
        drawn_t = data.lots.drawn_t[heat] - data.lots.drawn_t[before]
        shared = data.lots.shares[before] * np.maximum(0.0, 1.0 - drawn_t / model.lot_t)
        for column, output in enumerate(outputs):
            residuals = lots.residuals[before, column]
            known = np.isfinite(residuals)
            covariance = lots.covariance(column, before)[np.ix_(known, known)]
            together = (shares * output.lot_sd**2) @ shared[known].T
            solved = np.linalg.solve(covariance, np.column_stack([residuals[known], together.T]))
            mean[:, column] += together @ solved[:, 0]
            variance[:, column] -= np.einsum("pk,kp->p", together, solved[:, 1:])
    return mean, np.sqrt(np.maximum(variance, 1e-12))


def _scrap(model: Surrogate) -> list[int]:
    """Materials that are taken from bays and can be mistaken for one another."""
    kinds = (MaterialKind.SCRAP, MaterialKind.INTERNAL)
    return [i for i, material in enumerate(model.schema.materials) if material.kind in kinds]


def _student(z: FloatArray) -> FloatArray:
    """Log density of Student's distribution with unit variance."""
    scale = (DEGREES - 2.0) / DEGREES
    constant = gammaln((DEGREES + 1.0) / 2.0) - gammaln(DEGREES / 2.0) - 0.5 * np.log(np.pi * DEGREES * scale)
    return np.asarray(constant - (DEGREES + 1.0) / 2.0 * np.log1p(z**2 / (DEGREES * scale)))
