"""What would have been charged, against what was, on a record of a plant whose truth is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chargewise.app.shadow import Shadow, shadow
from chargewise.commands.console.shadow_report import draw, headline, rows
from plant_adapters.plants.price_history import price_history, read_price_history
from scenarios.closed_loop.accounts import account
from scenarios.ladle import finish, fresh_lots
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import stable_rng
from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material

RECORD, FIRST, LAST = 500, 470, 500


@pytest.fixture(scope="module")
def found(northmill: VirtualPlant, history: HeatLog, materials: tuple[Material, ...]) -> Shadow:
    return shadow(northmill.plant, history.rows(slice(RECORD)), materials, slice(FIRST, LAST))


def test_the_saving_is_the_one_that_the_virtual_furnace_makes_of_both_charges(
    found: Shadow, northmill: VirtualPlant, history: HeatLog
) -> None:
    heels = dict(zip(history.heat_ids.tolist(), history.heel_wt_pct, strict=True))
    true = []
    for heat in found.heats:
        rng = stable_rng("shadow test", heat.heat_id)
        lots = fresh_lots(northmill, 200, rng)
        costs = []
        for side in (heat.as_charged, heat.shadow):
            made = finish(northmill, side.charged_t, side.additions_t, heels[heat.heat_id], lots, rng)
            costs.append(account(northmill.plant, side.charged_t, side.additions_t, made).cost_eur_per_t)
        true.append(costs[0] - costs[1])
    assert found.saving_eur_per_t.mean == pytest.approx(np.mean(true), rel=0.1)
    assert found.saving_eur_per_t.low < found.saving_eur_per_t.mean < found.saving_eur_per_t.high
    assert found.saving_eur_per_t.mean > 5


def test_the_shadow_is_as_sure_as_asked_and_full_bays_cost_nothing_more(found: Shadow) -> None:
    assert len(found.heats) + len(found.left_out) == LAST - FIRST
    assert np.mean([heat.shadow.met_with for heat in found.heats]) > 0.9
    assert found.mean_of(lambda heat: heat.empty_bays_eur_per_t).mean > 0
    assert found.mean_of(lambda heat: heat.wrong_yields_eur_per_t).mean >= 0
    assert any("price history" in note for note in found.notes)


def test_the_report_says_what_was_found(found: Shadow, tmp_path: Path) -> None:
    assert f"{found.saving_eur_per_t.mean:.2f} €/t saved over {len(found.heats)} heats" in headline(found)
    assert [row[0] for row in rows(found)][:3] == ["cost, €/t", "electricity, kWh/t", "emissions, kgCO2e/t"]
    draw(found, tmp_path / "shadow.png")
    assert (tmp_path / "shadow.png").read_bytes().startswith(b"\x89PNG")


def test_dearer_days_cost_more_and_an_empty_bay_is_not_charged_from(
    northmill: VirtualPlant, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    log = history.rows(slice(RECORD))
    start = log.tapped_at[0]
    dear: list[tuple[np.datetime64, str, float, float | None]] = [
        (start, item.material.name, 2.0 * item.price_eur_per_t, None) for item in northmill.plant.charge_items()
    ]
    # Nothing of the pig iron is there unless the record charged some.
    dear.append((start, "Pig iron", 800.0, 0.0))
    found = shadow(northmill.plant, log, materials, slice(490, 500), price_history(dear))
    assert all(heat.as_charged.cost_eur_per_t > 550 for heat in found.heats)
    charged = dict(zip(log.heat_ids.tolist(), log.charged_in(("Pig iron",))[:, 0].tolist(), strict=True))
    for heat in found.heats:
        # The ladle made right takes a per cent or two of steel with it.
        assert heat.shadow.charged_t.get("Pig iron", 0.0) <= 1.03 * charged[heat.heat_id] + 1e-6


@pytest.mark.parametrize(("stretch", "told"), [(slice(3, 20), "10 or more"), (slice(700, 700), "1 or more")])
def test_a_stretch_that_cannot_be_shadowed_is_refused(
    northmill: VirtualPlant, history: HeatLog, materials: tuple[Material, ...], stretch: slice, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        shadow(northmill.plant, history, materials, stretch)


def test_a_price_history_holds_from_its_time_on(northmill: VirtualPlant, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        "time;material;price_eur_per_t;available_t\n"
        "01.02.2024 06:00;E40 shredded;351,5;40\n15.02.2024 06:00;E40 shredded;360,0;\n"
    )
    read = read_price_history(path, northmill.plant)
    early = read.plant_at(northmill.plant, np.datetime64("2024-02-03T00:00:00")).item("E40 shredded")
    late = read.plant_at(northmill.plant, np.datetime64("2024-03-03T00:00:00")).item("E40 shredded")
    before = read.plant_at(northmill.plant, np.datetime64("2024-01-03T00:00:00"))
    assert early is not None
    assert late is not None
    assert (early.price_eur_per_t, early.available_t) == (351.5, 40.0)
    assert (late.price_eur_per_t, late.available_t) == (360.0, 40.0)
    assert before == northmill.plant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,material\n2024-02-01,E40 shredded\n", "price_eur_per_t"),
        ("time,material,price_eur_per_t\n2024-02-01,E40 shreded,300.5\n", "E40 shredded"),
        ("time,material,price_eur_per_t\n2024-02-01,E40 shredded,cheap\n2024-02-02,E40 shredded,300.5\n", "cheap"),
        ("time,material,price_eur_per_t\nsometime,E40 shredded,300.5\n2024-02-01,E40 shredded,300.5\n", "sometime"),
        ("time,material,price_eur_per_t,available_t\n2024-02-01,E40 shredded,300.5,-4.5\n", "-4.5"),
    ],
)
def test_a_price_history_that_cannot_be_read_says_where(
    northmill: VirtualPlant, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_price_history(path, northmill.plant)


@pytest.mark.slow
def test_the_command_writes_one_page_for_the_meeting(run: Any, tmp_path: Path) -> None:
    shown = run("shadow", "-p", "northmill", "--from", "2024-01-29", "--out", "meeting", "--json")
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert found["heats"]
    page = (tmp_path / "meeting" / "shadow-northmill.html").read_text("utf-8")
    assert f"{found['saving_eur_per_t']['mean']:.2f} €/t saved" in page
    assert "<svg" in page
    assert (tmp_path / "meeting" / "shadow-northmill.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (("--from", "2024-02-30"), "2024-02-30"),
        (("--from", "2031-01-01"), "days between"),
        (("--from", "2024-01-20", "--to", "2024-01-10"), "not before the first"),
        (("--from", "2024-01-01"), "10 or more"),
    ],
)
def test_days_that_cannot_be_shadowed_are_refused(run: Any, days: tuple[str, ...], told: str) -> None:
    shown = run("shadow", "-p", "northmill", *days)
    assert shown.exit_code == 2
    assert told in " ".join(shown.output.split())
