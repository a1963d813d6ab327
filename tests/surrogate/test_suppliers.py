"""Suppliers and seasons: told apart where they differ, taken for alike where they do not."""

import numpy as np
import pytest

from scenarios.bundled import virtual_plant
from scenarios.suppliers import SuppliedPlant, supplier_excess
from steel.elements import Element
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.fit.suppliers import season_of, supplier_effects
from surrogate.judge.characterisation import characterise


@pytest.fixture(scope="module")
def supplied_plant() -> SuppliedPlant:
    usual = virtual_plant("northmill")
    return SuppliedPlant(usual.plant, usual.seed, usual.world_seed, spread=0.25)


def test_suppliers_that_differ_are_told_apart_and_alike_ones_cost_nothing() -> None:
    assert supplier_excess(0.15) < 0.9
    assert supplier_excess(0.0) <= 1.01


def test_what_a_supplier_brings_more_is_found_where_much_was_delivered(supplied_plant: SuppliedPlant) -> None:
    log = supplied_plant.history(1200)
    model = fit(log, supplied_plant.materials, FitOptions(remainders=()))
    supplied = supplied_plant.supplied(log)
    effects = supplier_effects(model, log, supplied)
    copper = effects.contents[Element.CU]
    assert copper.spread > 0
    true, learned = [], []
    for g, (name, origin) in enumerate(effects.origins):
        if not origin.startswith("supplier") or effects.supplied_t[g] < 2000:
            continue
        column = supplied_plant.material_names.index(name)
        factors = supplied_plant.factors[column, :, 5]
        own = factors[int(origin.split()[1]) - 1]
        # Against the mean of what all suppliers delivered, which is what a model of the material learns.
        mass = [sum(split.get((name, f"supplier {s + 1}"), 0.0) for split in supplied.values()) for s in range(4)]
        content = supplied_plant.truth[column].contents_wt_pct[5]
        true.append(content * (own - np.average(factors, weights=mass)))
        learned.append(copper.mean[g])
    assert len(true) > 8
    assert np.corrcoef(true, learned)[0, 1] > 0.7


def test_heats_of_which_no_supplier_is_known_say_nothing_of_suppliers(supplied_plant: SuppliedPlant) -> None:
    log = supplied_plant.history(200)
    model = fit(log, supplied_plant.materials, FitOptions(remainders=()))
    effects = supplier_effects(model, log, {})
    assert all(origin[1] in ("winter", "spring", "summer", "autumn") for origin in effects.origins)
    assert effects.more_wt_pct(Element.CU, ("E40 shredded", "nobody")) == 0.0


def test_characterise_shows_each_supplier(supplied_plant: SuppliedPlant) -> None:
    log = supplied_plant.history(600)
    found = characterise(log, supplied_plant.materials, supplied=supplied_plant.supplied(log))
    shredded = next(one for one in found if one.material == "E40 shredded")
    suppliers = {one.origin: one for one in shredded.origins if one.origin.startswith("supplier")}
    assert sorted(suppliers) == [f"supplier {number}" for number in range(1, 5)]
    charged = log.charged_in(("E40 shredded",)).sum()
    assert sum(one.supplied_t for one in suppliers.values()) == pytest.approx(charged)
    copper = [one.contents[Element.CU].mean for one in suppliers.values()]
    assert max(copper) > 1.05 * min(copper)
    for one in suppliers.values():
        interval = one.contents[Element.CU]
        assert interval.low <= interval.mean <= interval.high
    assert not any(one.origins for one in characterise(log, supplied_plant.materials) if one.material == "lime")


def test_seasons_of_the_year() -> None:
    assert [season_of(month) for month in (1, 3, 6, 9, 12)] == ["winter", "spring", "summer", "autumn", "winter"]
