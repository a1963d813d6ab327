from pathlib import Path

import pytest

from plant_adapters.plant_file import read_plant
from plant_adapters.prices import with_price_file, with_prices
from scenarios.virtual_plant import VirtualPlant
from steel.elements import Element
from steel.errors import InputError

PLANT = """
name = "tiny"
[furnace]
tap_weight_t = 50
[[yard]]
name = "Shred"
class = "E40"
price_eur_per_t = 340
contents_wt_pct = { Cu = 0.31 }
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_yard_entry_is_its_class_with_what_differs(tmp_path: Path) -> None:
    plant = read_plant(write(tmp_path, PLANT))
    item = plant.yard[0]
    assert item.material.material_class == "E40"
    assert item.material.contents_wt_pct[Element.CU] == 0.31
    assert item.material.contents_wt_pct[Element.SN] == 0.020


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("340", "-1e6", "at least -100000"),
        ("340", '"340"', "a number"),
        ("340", "true", "a number"),
        ("price_eur_per_t", "price_eur_pert", "did you mean 'price_eur_per_t'"),
        ("contents_wt_pct", "content_wt_pct", "did you mean 'contents_wt_pct'"),
        ("tap_weight_t = 50", "tap_weight_t = 50\nheal_t = 3", "did you mean 'heel_t'"),
        ("{ Cu = 0.31 }", "{ Cu = 0.31, cu = 0.2 }", "Cu is there already"),
        ('name = "tiny"', 'name = "Werk Süd"', "letters"),
        ("340", "nan", "finite"),
        ('"E40"', '"E41"', "E41"),
        ("{ Cu = 0.31 }", "{ Xx = 0.31 }", "Xx"),
        ("tap_weight_t = 50", "tap_weight_t = 0", "tap_weight_t"),
        ('name = "tiny"', "", "name"),
        ("[furnace]", "[furnace", "TOML"),
    ],
)
def test_a_wrong_plant_file_names_value_and_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_plant(write(tmp_path, PLANT.replace(old, new)))


def test_prices_come_from_a_file_or_by_name(tmp_path: Path, northmill: VirtualPlant) -> None:
    path = tmp_path / "prices.toml"
    path.write_text('[materials]\n"E40 shredded" = 399\n[prices]\nelectricity_eur_per_kwh = 0.2\n', "utf-8")
    priced = with_price_file(northmill.plant, path)
    item = priced.item("E40 shredded")
    assert item is not None
    assert item.price_eur_per_t == 399
    assert priced.prices.electricity_eur_per_kwh == 0.2
    with pytest.raises(InputError, match="at least -100000"):
        with_prices(northmill.plant, {"E40 shredded": -1e6})
    with pytest.raises(InputError, match="gold"):
        with_prices(northmill.plant, {"gold": 1.0})
