"""Wrongly booked scrap and changed deliveries, at a plant whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios.closed_loop.future import Cheat, Events, future_of
from scenarios.closed_loop.loop import Loop
from scenarios.closed_loop.policies import Chargewise
from scenarios.virtual_plant import VirtualPlant
from steel.elements import Element
from steel.errors import InputError
from steel.heats import HeatLog, together
from surrogate.judge.deliveries import DeliveryWatch, moved_to
from surrogate.judge.misbooked import misbooked
from surrogate.model.model import Surrogate
from tests.conftest import Installation

FLUXES = {"lime": 3.2, "dolime": 1.4}


def booked_wrongly(model: Surrogate, history: HeatLog, booked_t: dict[str, float], wrong: str, really: str) -> HeatLog:
    """Heats of which the last came out as if one of its materials had been another."""
    heats, names = history.rows(slice(-40, None)), [material.name for material in model.schema.materials]
    truth = model.schema.charged(heats)
    truth[-1] = [booked_t.get(name, 0.0) for name in names]
    booked = truth.copy()
    truth[-1, names.index(really)] += truth[-1, names.index(wrong)]
    truth[-1, names.index(wrong)] = 0.0
    as_it_was = replace(heats, materials=tuple(names), charged_t=truth)
    found = model.predict(as_it_was)
    analysis, tapped = heats.analysis_wt_pct.copy(), heats.tapped_t.copy()
    analysis[-1] = [found.mean[element.value][-1] for element in heats.elements]
    tapped[-1] = found.tapped_t[-1]
    return replace(as_it_was, charged_t=booked, analysis_wt_pct=analysis, tapped_t=tapped)


def test_a_bay_that_held_other_scrap_is_named_with_its_probability(
    installation: Installation, history: HeatLog
) -> None:
    model = installation.plant.model
    charge = {"E3 old thick": 40.0, "E2 new thick": 30.0, "E8 new thin": 40.0, **FLUXES}
    log = booked_wrongly(model, history, charge, "E8 new thin", "E46 incinerated")
    told = misbooked(model, log, newest=1)
    assert [(one.booked, one.or_booked) for one in told] == [("E8 new thin", None)]
    assert told[0].really == "E46 incinerated"
    assert told[0].probability > 0.9
    assert "% that it held E46 incinerated" in told[0].in_words()
    # The same charge, booked as it was, is nothing odd.
    as_it_was = {**charge, "E8 new thin": 0.0, "E46 incinerated": 40.0}
    assert misbooked(model, booked_wrongly(model, history, as_it_was, "E8 new thin", "E46 incinerated"), newest=1) == []


def test_two_scraps_so_alike_that_either_may_be_wrong_are_named_together(
    installation: Installation, history: HeatLog
) -> None:
    model = installation.plant.model
    charge = {"E3 old thick": 30.0, "E2 new thick": 20.0, "E8 new thin": 20.0, **FLUXES}
    told = misbooked(model, booked_wrongly(model, history, charge, "E8 new thin", "E46 incinerated"), newest=1)
    assert {told[0].booked, told[0].or_booked} == {"E2 new thick", "E8 new thin"}
    assert told[0].in_words().startswith(f"{told[0].booked} or {told[0].or_booked}: ")


def test_heats_as_they_were_booked_raise_hardly_an_alarm(installation: Installation, history: HeatLog) -> None:
    assert len(misbooked(installation.plant.model, history.rows(slice(-200, None)))) <= 2


def test_a_probability_that_is_none_is_refused(installation: Installation, history: HeatLog) -> None:
    with pytest.raises(InputError, match="told_from"):
        misbooked(installation.plant.model, history, told_from=1.0)


def test_a_supplier_who_cheats_is_told_and_the_model_is_moved(
    installation: Installation, northmill: VirtualPlant
) -> None:
    model = installation.plant.model
    events = Events(cheat=Cheat("E3 old thick", Element.CU, 2.5, 10))
    policy = Chargewise(model, with_feedback=True)
    loop = Loop(future_of(northmill, 60, 13, events), policy, draws=2).run()
    told = [change for change in policy.told.values() if change.material == "E3 old thick"]
    assert told
    assert told[0].element is Element.CU
    assert 1.3 < told[0].factor < 3.5
    assert "E3 old thick: Cu" in told[0].in_words()
    column = model.schema.charged(loop.recorded[0]).shape[1]
    before = model.outputs["Cu"].linear.mean[:column]
    moved = moved_to(model, told[0]).outputs["Cu"].linear.mean[:column]
    changed = np.flatnonzero(before != moved)
    assert [model.schema.materials[i].name for i in changed] == ["E3 old thick"]


def test_honest_deliveries_are_not_told_from_a_few_heats(installation: Installation, history: HeatLog) -> None:
    watch = DeliveryWatch()
    model = installation.plant.model
    told = []
    for heat in range(200, 320):
        watch, found = watch.after(model, history.rows(slice(heat, heat + 1)))
        told.append(found)
    assert sum(found is not None for found in told) <= 2


def test_logs_with_other_columns_are_not_put_together(history: HeatLog) -> None:
    assert len(together([history.rows(slice(0, 3)), history.rows(slice(3, 5))])) == 5
    with pytest.raises(InputError, match="same columns"):
        together([history, replace(history, materials=history.materials[:-1], charged_t=history.charged_t[:, :-1])])
    with pytest.raises(InputError, match="1 or more"):
        together([])
