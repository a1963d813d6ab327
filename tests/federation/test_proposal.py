"""When a plant asks for a round."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from federation.sums.proposal import proposal
from scenarios.bundled import virtual_plant
from steel.elements import Element
from steel.heats import HeatLog
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.store.artifact import SCHEMA_VERSION
from surrogate.store.registry import Registry

KNOWN, NEW = 400, 150


@pytest.fixture(scope="module")
def heats() -> HeatLog:
    return virtual_plant("northmill").history(KNOWN + NEW)


@pytest.fixture
def registry(heats: HeatLog, tmp_path: Path) -> Registry:
    found = Registry(tmp_path / "models")
    known = heats.rows(slice(0, KNOWN))
    materials = tuple(item.material for item in virtual_plant("northmill").plant.charge_items())
    found.publish(fit(known, materials, FitOptions(remainders=())), "northmill", known)
    return found


def test_a_plant_without_a_model_wants_a_round(registry: Registry, heats: HeatLog) -> None:
    assert proposal(registry, "riverside", heats) == "it has no model yet"


def test_a_plant_whose_model_holds_wants_none(registry: Registry, heats: HeatLog) -> None:
    assert proposal(registry, "northmill", heats.rows(slice(0, KNOWN))) == ""
    assert proposal(registry, "northmill", heats) == ""


def test_a_plant_whose_heats_moved_wants_one_and_says_why(registry: Registry, heats: HeatLog) -> None:
    dirtier = heats.analysis_wt_pct.copy()
    dirtier[KNOWN:, heats.elements.index(Element.CU)] *= 1.6
    wish = proposal(registry, "northmill", replace(heats, analysis_wt_pct=dirtier))
    assert wish.startswith("its model v0001 no longer holds: ")
    assert "Cu" in wish
    assert np.char.find(wish, str(heats.heat_ids[0])) < 0


def test_a_model_that_cannot_be_used_is_a_wish_and_keeps_nobody_from_taking_part(
    registry: Registry, heats: HeatLog
) -> None:
    strange = replace(heats, materials=(*heats.materials[:-1], "sponge iron"))
    # What it charges is its own business: no material is named.
    assert proposal(registry, "northmill", strange) == "its model v0001 does not know what its newest heats charge"
    manifest = next((registry.root / "northmill").glob("v*/manifest.json"))
    manifest.write_text(
        manifest.read_text("utf-8").replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 2'), "utf-8"
    )
    assert proposal(registry, "northmill", heats) == "its model cannot be used"
