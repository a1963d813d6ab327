import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plant_adapters.plants.plant_file import plant_from, read_plant
from plant_adapters.plants.plant_template import plant_template
from plant_adapters.plants.prices import with_price_file, with_prices
from scenarios.virtual_plant import VirtualPlant
from steel.elements import Element
from steel.errors import InputError
from steel.heats import HeatLog

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


GOOD = Path(__file__).parents[2] / "scenarios" / "plants" / "northmill.toml"
KEY = re.compile(r"^(\w+)(?= = )|^\[+([\w.]+)\]+$", re.MULTILINE)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_one_key_changed_is_never_silent(data: st.DataObject) -> None:
    """A letter of one key left out, doubled or changed: refused by name, never a plant that differs without a word."""
    text = GOOD.read_text("utf-8")
    found = data.draw(st.sampled_from(list(KEY.finditer(text))))
    key = found[1] or found[2]
    at = data.draw(st.integers(0, len(key) - 1))
    less, more, other = key[:at] + key[at + 1 :], key[: at + 1] + key[at:], f"{key[:at]}q{key[at + 1 :]}"
    changed = data.draw(st.sampled_from([less, more, other]))
    assume(changed != key)
    start = found.start(1) if found[1] else found.start(2)
    slip = text[:start] + changed + text[start + len(key) :]
    with pytest.raises(InputError):
        plant_from(_toml(slip), "slip")


def _toml(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(text, "file", "valid TOML") from error


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("available_t = 8", "availible_t = 8", "did you mean 'available_t'"),
        ("[prices]", "[price]", "did you mean 'prices'"),
        ("electricity_eur_per_kwh = 0.085", "electricity_eur_per_kwh = 85", "at most 10"),
        ("oxygen_nm3_per_t = 34", "oxigen_nm3_per_t = 34", "did you mean 'oxygen_nm3_per_t'"),
        ("tap_temperature_c = 1625", "tap_temperature_c = 2957", "1000 to 2000 °C"),
        ('"B500B", ', '"B501B", ', "did you mean 'B500B'"),
        ('name = "E1 old thin"', 'name = "E3  Old THICK"', "listed twice"),
        ("[prices]", "[emission_factors]\nelectricity_kgco2e_per_kwh = -5\n[prices]", "at least 0"),
        ("[prices]", '[[grade]]\nname = "Own"\nminimum_wt_pct = { C = 0.4 }\nmaximum_wt_pct = { C = 0.3 }\n[prices]',
         "no more than its maximum"),
    ],
)  # fmt: skip
def test_a_slip_in_a_plant_file_is_named_with_what_was_meant(old: str, new: str, message: str) -> None:
    text = GOOD.read_text("utf-8")
    assert old in text
    with pytest.raises(InputError, match=message):
        plant_from(tomllib.loads(text.replace(old, new, 1)), "slip")


def test_a_grade_of_the_plants_own_comes_before_the_catalogues() -> None:
    first = '[[grade]]\nname = "B500B"\nmaximum_wt_pct = { Cu = 0.2 }\n'
    second = '[[grade]]\nname = "Own 42"\nmaximum_wt_pct = { C = 0.45 }\n'
    plant = plant_from(tomllib.loads(f"{GOOD.read_text('utf-8')}\n{first}{second}"), "own")
    assert plant.grade("B500B").maximum_wt_pct == {Element.CU: 0.2}
    assert plant.made() == ("B500B", "SAE1008", "SAE1018", "S235JR", "Own 42")
    with pytest.raises(InputError, match="did you mean 'Own 42'"):
        plant.grade("Own 43")


def test_more_asked_for_than_there_is_is_left_to_the_optimizer(tmp_path: Path) -> None:
    item = read_plant(write(tmp_path, PLANT + "min_t = 9\navailable_t = 8\n")).yard[0]
    assert (item.min_t, item.available_t) == (9, 8)


def test_a_plant_file_written_from_heats_can_be_read(northmill: VirtualPlant, history: HeatLog) -> None:
    materials = tuple(item.material for item in northmill.plant.charge_items())
    plant = plant_from(tomllib.loads(plant_template("works", history, materials)), "template")
    assert {item.material.name for item in plant.charge_items()} == {material.name for material in materials}
    assert plant.furnace.tap_weight_t == pytest.approx(float(np.nanmedian(history.tapped_t)), rel=1e-3)
    assert "indicative" in plant.notes[0]


RULES = '\n[rules]\nfile = "rules.py"\n'


def test_rules_are_read_from_beside_the_plant_file(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("x = 1\n", "utf-8")
    plant = read_plant(write(tmp_path, PLANT.replace("[furnace]", f"{RULES}\n[furnace]")))
    assert plant.rules is not None
    assert plant.rules.text == "x = 1\n"
    # They stay at the plant: nothing that is sent or stored carries them.
    assert "rules" not in plant.model_dump()


@pytest.mark.parametrize("file", ["../rules.py", "/etc/rules.py", "rules.txt", "sub/rules.py", "gone.py", "", "."])
def test_rules_from_anywhere_else_are_refused(tmp_path: Path, file: str) -> None:
    (tmp_path.parent / "rules.py").write_text("x = 1\n", "utf-8")
    with pytest.raises(InputError, match=r"rules\.file"):
        read_plant(write(tmp_path, PLANT.replace("[furnace]", f'[rules]\nfile = "{file}"\n\n[furnace]')))


def test_rules_behind_a_link_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "plants"
    folder.mkdir()
    (tmp_path / "outside.py").write_text("x = 1\n", "utf-8")
    (folder / "rules.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(InputError, match=r"rules\.file"):
        read_plant(write(folder, PLANT.replace("[furnace]", f"{RULES}\n[furnace]")))
