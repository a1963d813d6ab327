"""Mappings that are proposed: what columns are called in works is recognised, and what is not sure is asked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargewise.commands.cli import app
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.mapping.suggest import Suggestion, names_a_heat, suggest
from plant_adapters.reading.files import read_table
from plant_adapters.reading.table import TableFormat
from plant_adapters.reading.toml_files import read_toml, validated
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from steel.elements import Element
from steel.errors import InputError

ROOT = Path(__file__).parents[2]
GERMAN = """Export Stahlwerk;;;;;;;;;
Schmelze;Abstichzeit;Güte;Abstichgewicht [t];Strom [MWh];Cu %;Sn [ppm];Schredder kg;Späne kg;Roheisen kg
4711;01.03.2026 06:10;B500B;98,4;38,1;0,31;180;61200;12000;38000
4712;01.03.2026 07:05;B500B;99,1;37,5;0,28;160;60100;15000;36000
4713;13.03.2026 08:00;S235JR;97,6;39,0;0,35;210;58000;14000;38500
"""
ENGLISH = """heat_no,tap time,steel grade,tap_weight_t,energy_kwh,o2_nm3,cu,mn,HMS_t,Shred_t,Lime_t,XQ7_t
A1,2026-03-01T06:10:00Z,B500B,98.4,38100,3100,0.31,0.12,40.2,68,3.1,0.4
A2,2026-03-01T07:10:00Z,B500B,99.4,37900,3200,0.29,0.13,41.2,67,3.0,0.4
"""


def suggested(folder: Path, text: str) -> tuple[Suggestion, HeatBatch]:
    file = folder / "record.csv"
    file.write_text(text, "utf-8")
    found = suggest(read_table(file, TableFormat(), names_a_heat), "record")
    (folder / "mapping.toml").write_text(found.toml, "utf-8")
    mapping = validated(Mapping, read_toml(folder / "mapping.toml"), "mapping.toml")
    return found, TableAdapter(file, mapping).read_heats()


def test_a_german_export_with_a_title_and_units_in_its_names(tmp_path: Path) -> None:
    found, batch = suggested(tmp_path, GERMAN)
    log = batch.log
    assert log.heat_ids.tolist() == ["4711", "4712", "4713"]
    assert log.tapped_t.tolist() == pytest.approx([98.4, 99.1, 97.6])
    assert log.energy_kwh_per_t[0] == pytest.approx(38_100 / 98.4)
    masses = dict(zip(log.materials, log.charged_t[0].tolist(), strict=True))
    assert masses == {"Schredder": pytest.approx(61.2), "Späne": pytest.approx(12.0), "Roheisen": pytest.approx(38.0)}
    analysis = dict(zip(log.elements, log.analysis_wt_pct[0].tolist(), strict=True))
    assert analysis[Element.CU] == pytest.approx(0.31)
    assert analysis[Element.SN] == pytest.approx(0.018)
    classes = {material.name: material.material_class for material in batch.materials}
    assert classes == {"Schredder": "E40", "Späne": "E5M", "Roheisen": "pig_iron"}
    assert any("time zone" in words for words in found.asks)


def test_an_english_table_and_a_code_that_nobody_can_know(tmp_path: Path) -> None:
    found, batch = suggested(tmp_path, ENGLISH)
    log = batch.log
    assert len(log) == 2
    assert log.charged_t.sum(axis=1).tolist() == pytest.approx([111.7, 111.6])
    assert log.process["oxygen_nm3_per_t"][0] == pytest.approx(3100 / 98.4)
    assert [words for words in found.asks if "XQ7" in words]
    assert not [words for words in found.asks if "Shred" in words]


def test_the_works_example_needs_only_its_codes_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["mapping", "suggest", str(ROOT / "examples/works/heats.csv"), "--to", str(tmp_path / "m.toml")]
    )
    assert done.exit_code == 0, done.output
    proposed = validated(Mapping, read_toml(tmp_path / "m.toml"), "m.toml")
    stated = validated(Mapping, read_toml(ROOT / "examples/works/mapping.toml"), "mapping.toml")
    for name in ("heat_id", "tapped_at", "grade", "tapped", "energy", "process"):
        assert getattr(proposed, name) == getattr(stated, name)
    assert proposed.materials.pattern == stated.materials.pattern
    assert set(proposed.analysis.elements) == set(stated.analysis.elements)
    checked = CliRunner().invoke(
        app, ["mapping", "check", str(ROOT / "examples/works/heats.csv"), "--mapping", str(tmp_path / "m.toml")]
    )
    assert checked.exit_code == 0, checked.output
    assert "400 valid" in checked.output.replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "words"),
    [("a,b\n1,2\n", "heats' numbers"), ("heat,shred_t\n1,50\n", "named by an element")],
)
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        suggested(tmp_path, text)
