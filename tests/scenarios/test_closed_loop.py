import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from optimizer.problem.options import RecipeOptions
from scenarios.closed_loop.claims import Claim, claims_at, kept
from scenarios.closed_loop.days import random_day
from scenarios.closed_loop.future import Cheat, Events, SensorFailure, future_of
from scenarios.closed_loop.loop import Loop
from scenarios.closed_loop.oracle import Oracle
from scenarios.closed_loop.policies import CatalogueProgramme, Chargewise, MeltShop
from scenarios.closed_loop.sites import Site
from scenarios.closed_loop.study import FEDERATED, LoopResult, LoopSetup, at_rate, rates_of, run_study
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import ANALYSED, stable_rng
from steel.elements import Element
from steel.errors import InputError
from tests.conftest import Installation


def test_a_future_is_the_same_for_whoever_charges(northmill: VirtualPlant) -> None:
    one, other = future_of(northmill, 30, 3), future_of(northmill, 30, 3)
    assert np.array_equal(one.lots, other.lots)
    assert np.array_equal(one.prices_eur_per_t, other.prices_eur_per_t)
    assert (one.stock_share > 0).all()
    assert len(set(one.grades.tolist())) > 1
    assert not np.array_equal(one.lots, future_of(northmill, 30, 4).lots)


def test_a_cheat_has_more_copper_in_its_lots_from_its_day_on_and_nobody_else_has(northmill: VirtualPlant) -> None:
    honest = future_of(northmill, 20, 3)
    cheated = future_of(northmill, 20, 3, Events(cheat=Cheat("E40 shredded", Element.CU, 1.5, 12)))
    ratio = np.divide(cheated.lots, honest.lots, out=np.ones_like(honest.lots), where=honest.lots > 0)
    column, copper = northmill.material_names.index("E40 shredded"), ANALYSED.index(Element.CU)
    assert ratio[12:, column, copper] == pytest.approx(1.5)
    ratio[12:, column, copper] = 1.0
    assert ratio == pytest.approx(1.0)


@pytest.mark.parametrize("events", [Events(cheat=Cheat("gold")), Events(drift_per_1000_heats={"gold": 0.1})])
def test_events_of_what_the_yard_does_not_have_are_refused(northmill: VirtualPlant, events: Events) -> None:
    with pytest.raises(InputError, match="gold"):
        future_of(northmill, 10, 1, events)


def test_a_future_of_no_heats_is_refused(northmill: VirtualPlant) -> None:
    with pytest.raises(InputError, match="1 or more"):
        future_of(northmill, 0, 1)


def test_every_policy_makes_its_heats_and_a_loop_that_was_stopped_goes_on_as_if_it_had_not_been(
    installation: Installation, northmill: VirtualPlant
) -> None:
    model, future = installation.plant.model, future_of(northmill, 8, 5)
    costs = {}
    for name, policy in (
        ("chargewise", lambda: Chargewise(model)),
        ("catalogue", lambda: CatalogueProgramme(Chargewise(model), 0.2)),
        ("practice", lambda: MeltShop(northmill, Chargewise(model))),
        ("oracle", lambda: Oracle(future)),
    ):
        whole = Loop(future, policy(), draws=50).run()
        stopped = Loop(future, policy(), draws=50).run(3)
        assert not stopped.done
        again = stopped.run()
        assert [r.cost_eur_per_t for r in again.results] == [r.cost_eur_per_t for r in whole.results]
        assert whole.done
        costs[name] = np.mean([r.cost_eur_per_t for r in whole.results])
    assert costs["chargewise"] < costs["practice"]
    # Who knows the truth is not beaten by much by who has learned it.
    assert costs["chargewise"] > 0.98 * costs["oracle"]


def test_a_failed_sensor_leaves_gaps_in_the_record_and_the_loop_goes_on(
    installation: Installation, northmill: VirtualPlant
) -> None:
    events = Events(failure=SensorFailure(Element.CU, "oxygen_nm3_per_t", 2, 3))
    loop = Loop(future_of(northmill, 7, 5, events), Chargewise(installation.plant.model), draws=5).run()
    gaps = [bool(np.isnan(heat.analysis_wt_pct[0, ANALYSED.index(Element.CU)])) for heat in loop.recorded]
    assert gaps == [False, False, True, True, True, False, False]
    oxygen = [float(heat.process["oxygen_nm3_per_t"][0]) for heat in loop.recorded]
    assert len(set(oxygen[2:5])) == 1
    assert len(set(oxygen)) > 3


def test_claims_are_judged_by_what_the_virtual_furnace_makes_of_recipes(
    installation: Installation, northmill: VirtualPlant
) -> None:
    model, past = installation.plant.model, northmill.history(700)
    sure, unsure = ([RecipeOptions(confidence=confidence)] for confidence in (0.99, 0.8))
    few, many = (claims_at(northmill, model, past, 4, options, heats=200) for options in (sure, unsure))
    assert np.mean([claim.missed for claim in few]) < 0.04
    assert 0.08 < np.mean([claim.missed for claim in many]) < 0.35
    assert all(claim.claimed <= 0.011 for claim in few)


def test_claims_put_together_are_their_means_and_rare_ones_are_left_out() -> None:
    def claim(missed: float, element: Element = Element.CU) -> Claim:
        return Claim("p", "g", 0.95, element, "maximum", 0.05, missed)

    found = kept([claim(0.02)] * 20 + [claim(0.08)] * 20 + [claim(0.5, Element.SN)] * 5)
    assert [(one.element, one.recipes) for one in found] == [(Element.CU, 40)]
    assert found[0].ratio == pytest.approx(1.0)
    assert found[0].worst == 0.08


def test_a_random_day_keeps_within_its_prices_and_stocks(northmill: VirtualPlant) -> None:
    day = random_day(northmill.plant, stable_rng("day"))
    for item, usual in zip(day.yard, northmill.plant.yard, strict=True):
        assert 0.9 <= item.price_eur_per_t / usual.price_eur_per_t <= 1.1
        if usual.available_t is not None:
            assert 0.3 <= (item.available_t or 0.0) / usual.available_t <= 1.2


def test_a_study_goes_on_where_it_was_stopped(
    installation: Installation, northmill: VirtualPlant, tmp_path: Path
) -> None:
    model = installation.plant.model
    sites = {"northmill": Site(northmill, northmill.history(20), model, model)}
    first = LoopSetup("northmill", FEDERATED, 0.95, 1, 3)
    second = LoopSetup("northmill", FEDERATED, 0.95, 2, 3)
    ran = run_study([first], sites, tmp_path)
    changed = tmp_path / f"{first.key}.json"
    changed.write_text(json.dumps({**asdict(ran[0]), "cost_eur_per_t": 1.0}), "utf-8")
    told: list[float] = []
    again = run_study([first, second], sites, tmp_path, lambda stage, share: told.append(share))
    assert [one.cost_eur_per_t == 1.0 for one in again] == [True, False]
    assert told == [1.0]


def test_costs_at_one_rate_lie_between_the_settings() -> None:
    def ran(knob: float, rate: float, cost: float) -> LoopResult:
        return LoopResult("p", "alone", knob, 0, 10, False, rate, cost, 300.0, 400.0)

    every = [ran(0.9, 0.2, 100.0), ran(0.99, 0.05, 110.0)]
    assert at_rate(every, "alone", {"p": 0.1}).cost_eur_per_t == pytest.approx(105.0)
    assert at_rate(every, "alone", {"p": 0.2}).cost_eur_per_t == pytest.approx(100.0)
    # Beyond its settings nothing is known of a policy.
    assert at_rate(every, "alone", {"p": 0.9}).cost_eur_per_t == pytest.approx(100.0)
    assert at_rate(every, "alone", {"p": 0.001}).cost_eur_per_t == pytest.approx(110.0)
    assert rates_of(every, "alone", 0.9) == {"p": 0.2}
