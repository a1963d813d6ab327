"""The command as a user types it, in a folder of its own."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from chargewise.app.workplace import Workplace
from chargewise.commands.cli import app
from chargewise.commands.console.output import EXIT_IMPOSSIBLE, EXIT_INPUT, EXIT_SYSTEM
from scenarios.bundled import virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel.heats import HeatLog

PRICES = """[materials]
140107 = 120
360258 = 140
202007 = 1080
202008 = 1400
202039 = 1500
202063 = 400
203068 = 300
203085 = 250
205069 = 900
705043 = 500
"""


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_demo_prints_a_recipe_and_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["demo", "--heats", "300"])
    assert shown.exit_code == 0, shown.output
    for wanted in ("Load", "basket 1, t", "Final analysis", "90 % interval", "kWh/t", "scope 1", "plant practice",
                   "catalogue", "Active constraints", "saves, €/t"):  # fmt: skip
        assert wanted in shown.stdout, wanted
    picture = (tmp_path / "chargewise-demo.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000


def test_a_recipe_goes_back_to_the_plant_as_files(run: Any, tmp_path: Path) -> None:
    asked = ["recommend", "-p", "northmill", "-g", "B500B", "--outbox", "out", "--heat", "47/11", "--json"]
    found = document(run(*asked))
    rows = (tmp_path / "out" / "recipe-47-11-B500B.csv").read_text("utf-8").splitlines()
    assert rows[0].startswith("stage,material,mass_t")
    assert len(rows) == 1 + len(found["lines"])
    assert rows[1].endswith(",B500B,47/11")
    assert json.loads((tmp_path / "out" / "recipe-47-11-B500B.json").read_text("utf-8")) == found
    document(run(*asked))
    document(run("recommend", "-p", "northmill", "-g", "B500B", "--outbox", "out", "--json"))
    names = {path.name for path in (tmp_path / "out").glob("*.csv")}
    assert {"recipe-47-11-B500B.csv", "recipe-47-11-B500B-2.csv"} < names
    assert len(names) == 3


def test_recommend_speaks_json_and_takes_todays_prices(run: Any) -> None:
    plain = document(run("recommend", "-p", "northmill", "-g", "SAE1018", "--json"))
    dear = document(run("recommend", "-p", "northmill", "-g", "SAE1018", "--price", "HBI=100", "--json"))
    assert sum(dear["costs_eur_per_t"].values()) < sum(plain["costs_eur_per_t"].values())
    assert "HBI" in {line["material"] for line in dear["lines"]}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["-g", "B501"], EXIT_INPUT, "B500B"),
        (["-g", "B500B", "--max", "Xx=0.1"], EXIT_INPUT, "Xx"),
        (["-g", "B500B", "--max", "Cu"], EXIT_INPUT, "NAME=NUMBER"),
        (["-g", "B500B", "--max", "Cu=nan"], EXIT_INPUT, "finite"),
        (["-g", "B500B", "--max", "Cu=0.1", "--max", "cu=0.2"], EXIT_INPUT, "each name once"),
        (["-g", "B500B", "--price", "HBI=-1e6"], EXIT_INPUT, "-1000000"),
        (["-g", "B500B", "--price", "HBX=4"], EXIT_INPUT, "HBX"),
        (["-g", "B500B", "--stock", "lime=0"], EXIT_IMPOSSIBLE, "lime: stock 0 t"),
        (["-g", "B500B", "--min", "Mn=2"], EXIT_IMPOSSIBLE, "Mn ≥ 2 wt%"),
        (["-g", "B500B", "--stock", "gold=4"], EXIT_INPUT, "gold"),
        (["-g", "B500B", "--max", "Cu=0.02"], EXIT_IMPOSSIBLE, "Cu ≤ 0.02"),
        ([], EXIT_INPUT, "--grade"),
    ],
)
def test_bad_input_gets_a_message_and_an_exit_code(run: Any, arguments: list[str], code: int, says: str) -> None:
    result = run("recommend", "-p", "northmill", *arguments)
    assert result.exit_code == code
    assert says in result.output
    assert "Traceback" not in result.output


def test_predict_shows_what_a_charge_gives(run: Any) -> None:
    found = document(run("predict", "-p", "northmill", "-c", "E3 old thick=105", "-c", "lime=3", "--json"))
    assert 0.1 < found["analysis_wt_pct"]["Cu"]["mean"] < 0.5
    assert "kWh/t" in run("predict", "-p", "northmill", "-c", "E3 old thick=105").stdout


def test_characterise_tells_what_is_in_the_scrap(run: Any, tmp_path: Path) -> None:
    found = document(run("characterise", "-p", "northmill", "--picture", "scrap.png", "--json"))
    copper = {one["material"]: one["contents"]["Cu"] for one in found["materials"]}
    assert copper["E1 old thin"]["low"] < copper["E1 old thin"]["wt_pct"] < copper["E1 old thin"]["high"]
    assert copper["E1 old thin"]["wt_pct"] > 10 * copper["HBI"]["wt_pct"]
    assert (tmp_path / "scrap.png").read_bytes().startswith(b"\x89PNG")
    assert "E40 shredded" in run("characterise", "-p", "northmill").stdout


@pytest.mark.slow
def test_retraining_promotes_only_what_is_better_and_can_be_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path))
    place = Workplace()
    virtual = virtual_plant("riverside")
    materials = tuple(item.material for item in virtual.plant.charge_items())
    log = virtual.history(600)
    place.store.add("riverside", log.rows(slice(0, 60)), materials)

    def run_json(*arguments: str) -> Any:
        return document(CliRunner().invoke(app, [*arguments, "--json"]))

    run_json("train", "-p", "riverside")
    place.store.add("riverside", log, materials)
    better = run_json("retrain", "-p", "riverside")
    assert better["promoted"] == "v0002"
    assert better["ratio"] < 1
    assert better["judged"] == 120
    again = run_json("retrain", "-p", "riverside")
    assert (again["promoted"], again["ratio"], again["judged"]) == (None, None, 0)
    assert "0 heats that neither model has seen are too few to tell; 40 are not" in again["reason"]
    listed = run_json("models", "-p", "riverside", "--activate", "v0001")
    assert [(v["version"], v["active"]) for v in listed] == [("v0001", True), ("v0002", False)]
    assert listed[1]["manifest"]["parent"] == "v0001"
    assert listed[1]["approvals"][0]["by"].startswith("gate: ")
    approved = run_json("models", "-p", "riverside", "--activate", "v0002", "--by", "A. Melter")
    assert [a["by"] for a in approved[1]["approvals"]][-1] == "A. Melter"


def test_new_heats_are_taken_in_at_once_and_none_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path))
    place, virtual = Workplace(), virtual_plant("eastport")
    materials = tuple(item.material for item in virtual.plant.charge_items())
    log = virtual.history(140)
    place.store.add("eastport", log.rows(slice(0, 120)), materials)
    runner = CliRunner()
    document(runner.invoke(app, ["train", "-p", "eastport", "--json"]))
    nothing_new = runner.invoke(app, ["update", "-p", "eastport"])
    assert (nothing_new.exit_code, "no heats since" in nothing_new.output) == (0, True)
    place.store.add("eastport", log, materials)
    updated = document(runner.invoke(app, ["update", "-p", "eastport", "--json"]))
    assert (updated["version"], updated["heats"]) == ("v0002", 20)
    assert updated["milliseconds"] < 1000
    listed = document(runner.invoke(app, ["models", "-p", "eastport", "--json"]))
    assert listed[1]["active"]
    assert listed[1]["manifest"]["data"]["last_heat"] == str(log.heat_ids[-1])
    assert listed[1]["approvals"][0]["by"] == "update by new heats"


@pytest.mark.slow
def test_a_model_card_states_what_is_known_and_shows_it(run: Any, tmp_path: Path) -> None:
    found = document(run("card", "-p", "northmill", "--out", str(tmp_path / "card"), "--json"))
    assert found["version"] == "v0001"
    text = (tmp_path / "card" / "model-card.md").read_text("utf-8")
    assert "# Surrogate of northmill, v0001" in text
    assert "| all | Cu |" in text
    assert "| B500B | all elements |" in text
    assert "approved" in text
    page = (tmp_path / "card" / "model-card.html").read_text("utf-8")
    assert page.count("<table>") == 4
    for plot in ("parity.svg", "coverage.svg"):
        assert f'src="{plot}"' in page
        assert "<svg" in (tmp_path / "card" / plot).read_text("utf-8")


@pytest.mark.slow
def test_a_foundry_trains_asks_and_is_told_of_a_shift(run: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    carbon, temperature = rng.normal(3.3, 0.1, 240), rng.normal(1380, 10, 240)
    frequency = 2000 - 120 * (carbon - 3.3) / 0.1 * 0.2 + 0.4 * (temperature - 1380) + rng.normal(0, 5, 240)
    rows = [f"{c:.4f},{t:.1f},{f:.1f}" for c, t, f in zip(carbon, temperature, frequency, strict=True)]
    head = "IN_C_POUR,POURING TEMPERATURE [°C],Natural Frequency [Hz]"
    table = tmp_path / "discs.csv"
    table.write_text("\n".join([head, *rows, *rows[:40], "3.3,soft,2000"]), "utf-8")
    judged = document(run("castings", "evaluate", str(table), "--json"))["discs"]
    # A cell that cannot be read costs that cell: the casting counts without it.
    assert judged["unique"] == 241
    assert judged["scores"]["surrogate"]["r2"] > 0.7
    assert judged["alarm"] is None
    assert document(run("castings", "train", str(table), "--product", "disc", "--json"))["castings"] == 241
    later = tmp_path / "later.csv"
    later.write_text("\n".join([head, *rows[:20], *(row.rsplit(",", 1)[0] + ",2200" for row in rows[20:40])]), "utf-8")
    asked = document(run("castings", "predict", str(later), "--product", "disc", "--json"))
    assert len(asked["castings"]) == 40
    assert asked["castings"][0]["low"] < asked["castings"][0]["mean"] < asked["castings"][0]["high"]
    assert asked["alarm"]["kind"] == "jump"
    assert asked["alarm"]["heat_id"] == "24"
    blank = tmp_path / "blank.csv"
    blank.write_text("IN_C_POUR,POURING TEMPERATURE [°C]\n3.31,1381\n9.9,1381", "utf-8")
    shown = run("castings", "predict", str(blank), "--product", "disc")
    assert shown.exit_code == 0, shown.output
    assert "never seen" in shown.output
    wrong = run("castings", "predict", str(table), "--product", "nothing")
    assert wrong.exit_code == EXIT_INPUT


def test_ingest_train_and_recommend_from_a_plants_own_file(run: Any, tmp_path: Path) -> None:
    mapping = tmp_path / "works.toml"
    mapping.write_text(
        'name = "works"\nheat_id = "id"\ntapped = { column = "t", unit = "t" }\nnominal_tapped_t = 100\n'
        '[analysis]\npattern = "{element}"\nelements = ["Cu", "S"]\n'
        '[materials]\npattern = "m_{code}"\nunit = "t"\nmax_per_heat = 200\n'
        '[materials.codes]\nA = { class = "E40" }\nB = { class = "pig_iron" }\n',
        "utf-8",
    )
    rows = ["id,t,cu,s,m_A,m_B"]
    for heat in range(80):
        shredded = 40 + heat % 50
        pig = 105 - shredded
        rows.append(
            f"H{heat},{0.94 * 105:.1f},{0.0026 * shredded + heat / 1e5:.5f},0.03{heat % 7},{shredded},{pig}.{heat}"
        )
    rows.append("H80,98,0.2,0.03,-5,60")
    heats = tmp_path / "heats.csv"
    heats.write_text("\n".join(rows), "utf-8")
    shown = run("ingest", "--heats", str(heats), "--mapping", str(mapping), "--plant", "works")
    assert shown.exit_code == 0
    assert "negative weight" in shown.stdout
    assert "H80" in shown.stdout
    trained = document(run("train", "--plant", "works", "--json"))
    assert trained["version"] == "v0001"
    assert trained["heats"] == 80
    judged = document(run("evaluate", "--plant", "works", "--json"))
    assert {row["output"] for row in judged["outputs"]} == {"Cu", "S"}


@pytest.mark.slow
def test_evaluate_on_real_heats_stands_beside_the_baselines(run: Any, real_heats: Path) -> None:
    found = document(run("evaluate", "--heats", str(real_heats), "--mapping", "dsp120_eaf", "--json"))
    outputs = {row["output"]: row for row in found["outputs"]}
    assert len(outputs) == 13
    assert set(outputs["S"]["baselines"]) == {"ridge", "hist_gradient_boosting"}
    assert 0.85 < outputs["S"]["coverage_90"] < 0.95
    assert any(r["value"] == "-22955.0" for r in found["quarantine"]["rejections"])


@pytest.mark.slow
def test_recommend_on_real_heats_proposes_additions_and_says_what_it_cannot_know(
    run: Any, real_heats: Path, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES, "utf-8")
    record = ["--heats", str(real_heats), "--mapping", "dsp120_eaf", "--prices", str(prices), "--confidence", "0.8"]
    loose = document(run("recommend", *record, "--max", "S=0.045", "--max", "P=0.012", "--json"))
    tight = document(run("recommend", *record, "--max", "S=0.035", "--max", "P=0.009", "--json"))
    added = [
        sum(x["mass_t"] for x in found["lines"] if x["material"] != "unrecorded baskets") for found in (loose, tight)
    ]
    assert added[1] > added[0]
    assert any("baskets are not in this record" in note for note in tight["notes"])
    assert run("recommend", *record, "--max", "S=0.001").exit_code == EXIT_IMPOSSIBLE


def test_a_missing_model_and_a_missing_file_are_clear(run: Any) -> None:
    assert run("recommend", "-p", "atlantis", "-g", "B500B").exit_code == EXIT_INPUT
    assert run("ingest", "--heats", "no.csv", "--mapping", "dsp120_eaf", "--plant", "x").exit_code == EXIT_INPUT
    assert run("recommend").exit_code == 2
    assert "federation" in run("--help").stdout


def test_an_aim_and_a_tolerance_are_followed_and_told(run: Any) -> None:
    asked = ("recommend", "-p", "northmill", "-g", "SAE1018", "--aim", "Mn=0.75", "--tolerance", "3")
    found = document(run(*asked, "--json"))
    manganese = next(line for line in found["analysis"] if line["element"] == "Mn")
    assert manganese["aim_wt_pct"] == 0.75
    assert manganese["predicted"]["mean"] == pytest.approx(0.75, abs=0.01)
    assert 97.0 - 1e-6 <= found["tapped_t"] <= 103.0 + 1e-6
    shown = run(*asked).stdout
    assert "aim 0.75" in shown
    assert "best made as" in shown


def test_a_tolerance_as_large_as_the_heat_is_an_error_that_says_so(run: Any) -> None:
    shown = run("recommend", "-p", "northmill", "-g", "SAE1018", "--tolerance", "100")
    assert shown.exit_code == 2
    assert "less than the heat's 100 t" in shown.stderr


def test_failures_of_files_and_databases_show_no_password_and_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path))
    monkeypatch.setenv("CHARGEWISE_DATABASE_URL", "postgresql+psycopg://admin:S3cretPw@localhost:1/x")
    away = CliRunner().invoke(app, ["recommend", "-p", "works", "-g", "B500B"])
    assert away.exit_code in (EXIT_INPUT, EXIT_SYSTEM)
    assert "S3cretPw" not in away.output
    monkeypatch.setenv("CHARGEWISE_DATABASE_URL", "nonsense")
    assert "an address that is none" in CliRunner().invoke(app, ["train", "-p", "works"]).output
    monkeypatch.delenv("CHARGEWISE_DATABASE_URL")
    monkeypatch.setenv("CHARGEWISE_PORT", "abc")
    odd = CliRunner().invoke(app, ["train", "-p", "works"])
    assert (odd.exit_code, "CHARGEWISE_" in odd.output, "pydantic" in odd.output) == (EXIT_INPUT, True, False)
    monkeypatch.delenv("CHARGEWISE_PORT")
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path / "file" / "home"))
    stuck = CliRunner().invoke(app, ["train", "-p", "works"])
    assert (stuck.exit_code, type(stuck.exception)) == (EXIT_SYSTEM, SystemExit)


@pytest.mark.parametrize("name", ["../../outside", "", ".", "a/b", "Werk Süd", "-x"])
def test_a_plants_name_is_checked_at_the_first_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path / "home"))
    heats, mapping = tmp_path / "heats.csv", tmp_path / "mapping.toml"
    heats.write_text("Heat\n1\n", "utf-8")
    mapping.write_text("", "utf-8")
    done = CliRunner().invoke(app, ["ingest", "--heats", str(heats), "--mapping", str(mapping), f"--plant={name}"])
    assert done.exit_code == EXIT_INPUT
    assert "letters" in done.output
    assert not (tmp_path / "home").exists()


def test_a_plant_without_a_file_or_a_model_says_what_would_make_it_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, northmill: VirtualPlant, history: HeatLog
) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path))
    asked = ["recommend", "-p", "works", "-g", "B500B"]
    assert "no plants have been set up yet" in " ".join(CliRunner().invoke(app, asked).output.split())
    materials = tuple(item.material for item in northmill.plant.charge_items())
    Workplace().store.add("works", history.rows(slice(0, 40)), materials)
    assert "chargewise train --plant works" in " ".join(CliRunner().invoke(app, asked).output.split())
    assert CliRunner().invoke(app, ["train", "-p", "works"]).exit_code == 0
    assert "chargewise plant new works" in " ".join(CliRunner().invoke(app, asked).output.split())
    assert CliRunner().invoke(app, ["plant", "new", "works"]).exit_code == 0
    again = CliRunner().invoke(app, ["plant", "new", "works"])
    assert (again.exit_code, "not written over" in " ".join(again.output.split())) == (EXIT_INPUT, True)
    checked = document(CliRunner().invoke(app, ["plant", "check", "works", "--json"]))
    assert any("prices" in line for line in checked["open"])
    assert CliRunner().invoke(app, [*asked, "--max", "Cu=0,40"]).exit_code == 0


def test_an_address_that_is_taken_is_never_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port in (taken.getsockname()[1], 70000):
            done = CliRunner().invoke(app, ["serve", "--port", str(port)])
            assert done.exit_code == EXIT_INPUT
            assert "Chargewise on" not in done.output


def test_the_version_can_be_asked_for() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("chargewise ")


@pytest.mark.slow
def test_a_recipe_is_checked_by_another_solver_and_written_for_others(run: Any, tmp_path: Path) -> None:
    base = ["recommend", "--plant", "northmill", "--grade", "B500B", "--json"]
    checked = document(run(*base, "--verify", "--time-limit", "120"))
    assert checked["agrees"]
    assert checked["gap"] < 1e-4
    assert checked["own_eur_per_t"] == pytest.approx(checked["other_eur_per_t"], rel=1e-5 + checked["gap"])
    other = document(run(*base, "--solver", "highs"))
    assert sum(other["costs_eur_per_t"].values()) == pytest.approx(checked["own_eur_per_t"], rel=1e-4)
    written = document(run(*base, "--export", str(tmp_path / "recipe.mps")))
    assert len(Path(written["model"]).read_text("utf-8")) > 1000
    assert run(*base, "--solver", "nosuchsolver").exit_code == EXIT_INPUT
    assert run(*base, "--export", str(tmp_path / "recipe.txt")).exit_code == EXIT_INPUT
