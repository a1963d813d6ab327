"""Heats that are sampled once they are molten, and trimmed by what the sample says."""

from dataclasses import dataclass
from statistics import fmean

from optimizer.explain.recommend import Optimizer
from optimizer.plan.trim import trims
from scenarios.closed_loop.accounts import account
from scenarios.closed_loop.crane import Charged, CraneHeat, Loads
from scenarios.ladle import Finished, finish, fresh_lots, misses
from scenarios.virtual_plant import ANALYSIS_NOISE, VirtualPlant
from scenarios.world import ANALYSED, stable_rng
from steel.heats import FloatArray
from steel.shift import together_t
from surrogate.model.melt import expected_melt

TRIM_CONFIDENCE = 0.99
"""Of what is added to a sampled melt: so much is known of it that little more is paid for being sure."""
BASKET_CONFIDENCE = 0.92
"""Of the baskets that are optimised again where a sample follows, which mends what they leave."""
OFF_SPEC_EUR_PER_T = 100.0
"""What a t is worth less as the grade that it then is: what thinning a melt is weighed against."""
ROOM = 0.1
"""Share of a tap that furnace and ladle still take: what the ladle does not is left for the next heat."""


@dataclass(frozen=True)
class Sampled:
    """The same charge made many times, trimmed by a sample each time and not.

    Attributes:
        without: additions as they were planned.
        trimmed: additions, and further charge, by what the sample says.
    """

    without: Charged
    trimmed: Charged


@dataclass(frozen=True)
class Melting:
    """One charge of a heat, made again and again with the same lots and luck.

    Attributes:
        charge: baskets, and additions as they were planned.
        heel_wt_pct: (E,) of the heat before.
        key: of everything random.
    """

    virtual: VirtualPlant
    heat: CraneHeat
    charge: tuple[Loads, dict[str, float]]
    heel_wt_pct: FloatArray
    key: tuple[object, ...]

    def sampled(self, draws: int) -> Sampled:
        """Make it so many times, each from other lots, and trim each melt."""
        optimizer, planned_t = Optimizer(), self.charge[1]
        without, trimmed = [], []
        for number in range(draws):
            plain = self._made({}, planned_t, number)
            dilution_t, additions_t = self._trimmed(optimizer, plain, number)
            without.append(self._charged({}, planned_t, number))
            trimmed.append(self._charged(dilution_t, additions_t, number))
        return Sampled(_mean(without), _mean(trimmed))

    def _made(self, more_t: dict[str, float], additions_t: dict[str, float], number: int) -> Finished:
        lots = fresh_lots(self.virtual, 1, stable_rng("lots", *self.key, number))
        charged_t = together_t((*self.charge[0], more_t))
        rng = stable_rng("made", *self.key, number)
        return finish(self.virtual, charged_t, additions_t, self.heel_wt_pct, lots, rng)

    def _trimmed(self, optimizer: Optimizer, plain: Finished, number: int) -> tuple[dict[str, float], dict[str, float]]:
        """Further charge and additions of one melt; as planned where nothing better is known."""
        rng, heat = stable_rng("sample", *self.key, number), self.heat
        seen = plain.bath_wt_pct[0] * (1.0 + ANALYSIS_NOISE * rng.standard_normal(len(ANALYSED)))
        # A melt is not weighed before it is tapped: its mass is what the charge is expected to give.
        expected = expected_melt(heat.description, together_t(self.charge[0]))
        melt = expected.sampled(dict(zip(ANALYSED, seen.tolist(), strict=True)))
        found = trims(
            optimizer, heat.plant, heat.order, heat.description,
            heat.options.model_copy(update={"confidence": TRIM_CONFIDENCE}), melt,
            ROOM * heat.plant.furnace.tap_weight_t, () if heat.empty is None else (heat.empty,),
        )  # fmt: skip
        if not found:
            return {}, self.charge[1]
        best = min(found, key=lambda one: one.cost_eur + OFF_SPEC_EUR_PER_T * one.steel_t * (1.0 - one.met_with))
        return best.dilution_t, best.additions_t

    def _charged(self, more_t: dict[str, float], additions_t: dict[str, float], number: int) -> Charged:
        made = self._made(more_t, additions_t, number)
        reported = made.reported(stable_rng("reported", *self.key, number))
        off = any(missed.any() for missed in misses(reported, self.heat.order.grade).values())
        charged_t = together_t((*self.charge[0], more_t))
        return Charged(float(off), account(self.heat.plant, charged_t, additions_t, made).cost_eur_per_t)


def _mean(times: list[Charged]) -> Charged:
    return Charged(fmean(one.off_spec for one in times), fmean(one.cost_eur_per_t for one in times))
