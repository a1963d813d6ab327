"""A plant's heats to come, each charged as a policy decides; lots scatter, analyses come back, the policy learns."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from scenarios.closed_loop.accounts import account
from scenarios.closed_loop.future import Future
from scenarios.closed_loop.policies import Day, Decided, Policy, day_of
from scenarios.ladle import Finished, finish, fresh_lots, misses
from scenarios.virtual_plant import ANALYSIS_NOISE, ENERGY_NOISE_KWH_PER_T, FIRST_TAP, TAP_TO_TAP_S, TAPPED_NOISE
from scenarios.world import ANALYSED
from steel.claims import LimitClaim, Side
from steel.elements import Element
from steel.heats import FloatArray, HeatLog
from steel.materials import MaterialKind

DRAWS = 100
"""Times that each recipe is made to know what it really comes to."""
COPPER = ANALYSED.index(Element.CU)
SWAPPED_FROM = 0.1
"""Share of the charge from which a scrap is a basket's load."""
Progress = Callable[[int], None]
"""Is called with the heats done."""


@dataclass(frozen=True)
class HeatResult:
    """One heat of a closed loop.

    Attributes:
        charged_t: furnace materials by name.
        claims: what its recipe claimed.
        missed: by limit, the share of times the recipe misses it.
        off_spec: share of times that it misses any.
        cost_eur_per_t: mean of all times.
        energy_kwh_per_t: mean of all times.
        emissions_kgco2e_per_t: mean of all times.
    """

    grade: str
    charged_t: dict[str, float]
    claims: tuple[LimitClaim, ...]
    missed: dict[tuple[Element, Side], float]
    off_spec: float
    cost_eur_per_t: float
    energy_kwh_per_t: float
    emissions_kgco2e_per_t: float


@dataclass
class Loop:
    """A closed loop as far as it has come; going on after a stop changes nothing.

    Attributes:
        future: what comes, whatever is charged.
        policy: who decides.
        draws: times that each recipe is made to know what it really comes to.
        results: of the heats so far.
        recorded: the same heats as the plant recorded them, for whoever learns.
        finals: their final analyses.
        swapped: booked and real material by heat, where a scrap was charged from another bay than booked.
    """

    future: Future
    policy: Policy
    draws: int = DRAWS
    results: list[HeatResult] = field(default_factory=list)
    recorded: list[HeatLog] = field(default_factory=list)
    finals: list[dict[Element, float]] = field(default_factory=list)
    swapped: dict[int, tuple[str, str]] = field(default_factory=dict)
    _bath_wt_pct: FloatArray | None = None
    _analysed: dict[Element, float] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether all heats are made."""
        return len(self.results) >= len(self.future)

    def run(self, heats: int | None = None, progress: Progress | None = None) -> "Loop":
        """Make the next heats, all that are left unless a number is given."""
        until = len(self.future) if heats is None else min(len(self.future), len(self.results) + heats)
        while len(self.results) < until:
            self._next()
            if progress is not None:
                progress(len(self.results))
        return self

    def _next(self) -> None:
        future, heat = self.future, len(self.results)
        virtual = future.virtual
        if self._bath_wt_pct is None:
            first = virtual.history(1)
            self._bath_wt_pct = first.analysis_wt_pct[0]
            self._analysed = dict(zip(ANALYSED, first.analysis_wt_pct[0].tolist(), strict=True))
        day = day_of(future, heat, self._analysed)
        decided = self.policy.decide(day)
        made = finish(
            virtual, self._really(heat, decided.charged_t), decided.additions_t, self._bath_wt_pct, future.lots[[heat]],
            future.rng(heat, "as it was"),
        )  # fmt: skip
        self.results.append(self._result(day, decided, self._bath_wt_pct))
        record, final = self._record(day, decided, made)
        self.recorded.append(record)
        self.finals.append(final)
        self.policy.learn(record, decided.claims, final)
        self._bath_wt_pct = made.bath_wt_pct[0]
        known = dict(zip(ANALYSED, record.analysis_wt_pct[0].tolist(), strict=True))
        # What was not analysed is taken to be as it was.
        self._analysed |= {element: value for element, value in known.items() if np.isfinite(value)}

    def _really(self, heat: int, booked_t: dict[str, float]) -> dict[str, float]:
        """What is charged in truth: now and then one scrap comes from another bay."""
        one_in, rng = self.future.events.swap_one_in, self.future.rng(heat, "swapped")
        if one_in is None or rng.random() >= 1.0 / one_in:
            return booked_t
        truth = {true.material.name: true for true in self.future.virtual.truth}
        scrap = [name for name, true in truth.items() if true.material.kind is MaterialKind.SCRAP]
        total = sum(booked_t.values())
        suspects = [name for name in scrap if booked_t.get(name, 0.0) >= SWAPPED_FROM * total]

        def moves_wt_pct(booked: str, really: str) -> float:
            differ = truth[really].contents_wt_pct[COPPER] - truth[booked].contents_wt_pct[COPPER]
            return float(abs(differ)) * booked_t[booked] / total

        least = self.future.events.swap_from_wt_pct
        pairs = [(a, b) for a in suspects for b in scrap if a != b and moves_wt_pct(a, b) >= least]
        if not pairs:
            return booked_t
        booked, really = pairs[rng.integers(len(pairs))]
        self.swapped[heat] = (booked, really)
        mass_t = booked_t[booked]
        rest = {name: mass for name, mass in booked_t.items() if name != booked}
        return {**rest, really: rest.get(really, 0.0) + mass_t}

    def _result(self, day: Day, decided: Decided, heel_wt_pct: FloatArray) -> HeatResult:
        future, heat = self.future, day.heat
        rng = future.rng(heat, "as it might be")
        lots = fresh_lots(future.virtual, self.draws, rng) * future.factors[heat]
        made = finish(future.virtual, decided.charged_t, decided.additions_t, heel_wt_pct, lots, rng)
        by_limit = misses(made.reported(rng), day.order.grade)
        any_missed = np.zeros(self.draws, dtype=bool)
        for missed in by_limit.values():
            any_missed |= missed
        what = account(day.plant, decided.charged_t, decided.additions_t, made)
        return HeatResult(
            grade=day.order.grade.name,
            charged_t=decided.charged_t,
            claims=decided.claims,
            missed={limit: float(missed.mean()) for limit, missed in by_limit.items()},
            off_spec=float(any_missed.mean()),
            cost_eur_per_t=what.cost_eur_per_t,
            energy_kwh_per_t=what.energy_kwh_per_t,
            emissions_kgco2e_per_t=what.emissions_kgco2e_per_t,
        )

    def _record(self, day: Day, decided: Decided, made: Finished) -> tuple[HeatLog, dict[Element, float]]:
        """The heat as the plant's records show it, and its final analysis as the laboratory reports it."""
        future, heat = self.future, day.heat
        rng, names = future.rng(heat, "as it was measured"), future.virtual.material_names
        noise = 1.0 + ANALYSIS_NOISE * rng.standard_normal(len(ANALYSED))
        analysis = np.round(made.bath_wt_pct[0] * noise, 5)
        final = np.round(made.reported(rng)[0], 5)
        process = {name: values.copy() for name, values in made.process.items()}
        failure = future.events.failure
        if failure is not None and failure.from_heat <= heat < failure.from_heat + failure.heats:
            analysis[ANALYSED.index(failure.element)] = final[ANALYSED.index(failure.element)] = np.nan
            process[failure.process][:] = day.plant.furnace.process[failure.process]
        record = HeatLog(
            heat_ids=np.array([f"LOOP{heat + 1:06d}"]),
            tapped_at=np.array([FIRST_TAP + heat * np.timedelta64(TAP_TO_TAP_S, "s")]),
            grades=np.array([day.order.grade.name]),
            materials=names,
            charged_t=np.array([[decided.charged_t.get(name, 0.0) for name in names]]),
            elements=ANALYSED,
            analysis_wt_pct=analysis[None],
            tapped_t=made.tapped_t * (1.0 + TAPPED_NOISE * rng.standard_normal(1)),
            energy_kwh_per_t=made.energy_kwh_per_t + ENERGY_NOISE_KWH_PER_T * rng.standard_normal(1),
            heel_t=np.array([day.plant.furnace.heel_t]),
            heel_wt_pct=np.array([[day.heel_wt_pct.get(element, np.nan) for element in ANALYSED]]),
            process=process,
        )
        return record, dict(zip(ANALYSED, final.tolist(), strict=True))
