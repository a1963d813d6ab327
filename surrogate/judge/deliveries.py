"""What suppliers deliver has changed: found from the last heats' analyses, by material and element.

What the surrogate foresaw a heat ahead and what was analysed differ by lots and noise. A material whose content has
changed leaves a difference in proportion to what of it was charged. The odds of that (a Bayes factor, a change being
about a third of the content either way), lots that successive heats share accounted for, are compared for every scrap
and element over the last heats; where they are beyond chance the change is told, and the surrogate can be moved there
at once instead of in a hundred heats.
"""

from dataclasses import dataclass, replace

import numpy as np

from steel.elements import NOBLE, Element
from steel.heats import FloatArray, HeatLog, together
from steel.materials import MaterialKind
from surrogate.fit.heat_data import prepare
from surrogate.fit.lots import shared_lot_statistics
from surrogate.model.linear import Posterior
from surrogate.model.model import Output, Surrogate

WINDOWS = (10, 20, 40)
"""Last heats over which a change is looked for."""
BEYOND_CHANCE = 4.0
"""Logarithm of the Bayes factor from which a change is told."""
USUAL_CHANGE = 0.3
"""Standard deviation of a change, as a share of the content."""
MEMORY = max(WINDOWS)
SUPPLIED = (MaterialKind.SCRAP, MaterialKind.INTERNAL)
LEAST_FACTOR = 0.2
"""Relative change that is worth telling."""
CLIP_SD = 4.0


@dataclass(frozen=True)
class ChangedDelivery:
    """A material that holds another content than before.

    Attributes:
        material: whose.
        element: which content.
        by_wt_pct: how much more of it the steel from this material holds.
        sd_wt_pct: how uncertain that is.
        factor: new content over the one the surrogate knew.
        heats: the last ones that show it.
        evidence: logarithm of the Bayes factor.
    """

    material: str
    element: Element
    by_wt_pct: float
    sd_wt_pct: float
    factor: float
    heats: int
    evidence: float

    def in_words(self) -> str:
        """Such as "E40 shredded: Cu 1.5 times what it was, by the last 20 heats"."""
        return f"{self.material}: {self.element} {self.factor:.1f} times what it was, by the last {self.heats} heats"


@dataclass(frozen=True)
class Innovations:
    """What heats were foreseen to be and what they came to, oldest first.

    Attributes:
        log: the heats.
        residuals: (N, O) each output less what was foreseen a heat ahead, of fresh steel.
    """

    log: HeatLog
    residuals: FloatArray


def foreseen(model: Surrogate, log: HeatLog) -> Innovations:
    """What a log's heats differ by from a model that has not seen them."""
    return Innovations(log, prepare(model, log).residuals(model.outputs, CLIP_SD))


def changed_delivery(model: Surrogate, seen: Innovations) -> ChangedDelivery | None:
    """The surest change of any material's content in the last heats; None where nothing is beyond chance.

    Args:
        model: that foresaw them.
        seen: heats, oldest first, with what was foreseen of each before it was taken in.
    """
    best: ChangedDelivery | None = None
    for window in WINDOWS:
        if len(seen.log) < window:
            break
        for found in _in_window(model, seen, window):
            if found.evidence > (BEYOND_CHANCE if best is None else best.evidence):
                best = found
    return best


def explained(model: Surrogate, seen: Innovations, change: ChangedDelivery) -> Innovations:
    """Innovations less what a change that was told explains of them: the heats still tell of others."""
    last, residuals = slice(len(seen.log) - change.heats, None), seen.residuals.copy()
    material = [material.name for material in model.schema.materials].index(change.material)
    shares = prepare(model, seen.log.rows(last)).features[:, material]
    residuals[last, list(model.outputs).index(change.element.value)] -= change.by_wt_pct * shares
    return Innovations(seen.log, residuals)


def _in_window(model: Surrogate, seen: Innovations, window: int) -> list[ChangedDelivery]:
    last = slice(len(seen.log) - window, None)
    data = prepare(model, seen.log.rows(last))
    materials = len(model.schema.materials)
    # Of other elements the furnace has its say.
    supplied = np.array([material.kind in SUPPLIED for material in model.schema.materials])
    names = list(model.outputs)
    noble = {element.value: model.outputs[element.value] for element in model.schema.elements if element in NOBLE}
    lot_sd = np.array([output.lot_sd for output in noble.values()])
    bands = data.lots.bands(lot_sd, data.noise(noble), model.lot_t)
    found = []
    for band, (name, output) in zip(bands, noble.items(), strict=True):
        residuals = seen.residuals[last, names.index(name)]
        sums = shared_lot_statistics(band, data.features[:, :materials], residuals)
        content = np.maximum(output.linear.mean[:materials], 1e-6)
        prior = 1.0 / (USUAL_CHANGE * content) ** 2
        information = np.maximum(np.diag(sums.information), 0.0)
        precision = information + prior
        by = sums.moment / precision
        evidence = 0.5 * sums.moment**2 / precision - 0.5 * np.log(precision / prior)
        for i in np.flatnonzero((evidence > BEYOND_CHANCE) & supplied):
            factor = float((content[i] + by[i]) / content[i])
            if abs(factor - 1.0) < LEAST_FACTOR:
                continue
            found.append(
                ChangedDelivery(
                    material=model.schema.materials[i].name,
                    element=Element(name),
                    by_wt_pct=float(by[i]),
                    sd_wt_pct=float(precision[i] ** -0.5),
                    factor=factor,
                    heats=window,
                    evidence=float(evidence[i]),
                )
            )
    return found


@dataclass(frozen=True)
class DeliveryWatch:
    """The last heats with what was foreseen of them; each heat makes a new one."""

    seen: Innovations | None = None

    def after(self, model: Surrogate, heat: HeatLog) -> tuple["DeliveryWatch", ChangedDelivery | None]:
        """Take in one heat, or some, that a model foresaw; a change that is found is told once, and taken for granted.

        Args:
            model: before it took them in.
            heat: with the columns of those before.
        """
        new = foreseen(model, heat)
        if self.seen is None:
            return DeliveryWatch(new), None
        last = slice(-MEMORY, None)
        log = together([self.seen.log, heat]).rows(last)
        every = Innovations(log, np.vstack([self.seen.residuals, new.residuals])[last])
        found = changed_delivery(model, every)
        return DeliveryWatch(every if found is None else explained(model, every, found)), found


def changes(model: Surrogate, log: HeatLog) -> list[tuple[str, ChangedDelivery]]:
    """Every change that a log's heats, oldest first, tell of, each with the heat at which it was beyond chance.

    A change that was told is taken for granted in the heats after it.

    Raises:
        InputError: a heat charges a material the model does not know.
    """
    watch, found = DeliveryWatch(), []
    for heat in range(len(log)):
        watch, change = watch.after(model, log.rows(slice(heat, heat + 1)))
        if change is not None:
            found.append((str(log.heat_ids[heat]), change))
            model = moved_to(model, change)
    return found


def moved_to(model: Surrogate, change: ChangedDelivery) -> Surrogate:
    """The surrogate with a material's content where the last heats have it, as sure as these are."""
    column = [material.name for material in model.schema.materials].index(change.material)
    output = model.outputs[change.element.value]
    mean, covariance = output.linear.mean.copy(), output.linear.covariance.copy()
    mean[column] = max(0.0, mean[column] + change.by_wt_pct)
    covariance[column, :] = covariance[:, column] = 0.0
    covariance[column, column] = output.linear.covariance[column, column] + change.sd_wt_pct**2
    moved: Output = replace(output, linear=Posterior(mean, covariance))
    return replace(model, outputs={**model.outputs, change.element.value: moved})
