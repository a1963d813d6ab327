"""`front`, `campaign` and `federation audit` as a user types them."""

import json
from pathlib import Path
from typing import Any

import pytest

from federation.ledger.ledger import Ledger

CAMPAIGN = """
plant = "northmill"
[[heats]]
grade = "B500B"
count = 3
[[heats]]
grade = "SAE1008"
count = 2
[available_t]
"E8 new thin" = 70
[[offers]]
material = "E8 new thin"
most_t = 100
from_heat = 4
breaks = [{from_t = 20, price_eur_per_t = 390}]
"""


def test_a_front_is_printed_told_and_drawn(run: Any, tmp_path: Path) -> None:
    asked = ("front", "-p", "northmill", "-g", "SAE1018", "--points", "5")
    shown = run(*asked, "--picture", "front.png")
    assert shown.exit_code == 0, shown.output
    assert "cost eur/t" in shown.stdout
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    points = json.loads(run(*asked, "--objectives", "cost,energy,headroom", "--json").stdout)
    assert set(points[0]["objectives"]) == {"cost_eur_per_t", "energy_kwh_per_t", "residual_headroom"}
    wrong = run(*asked, "--objectives", "cost,beauty")
    assert wrong.exit_code == 2
    assert "beauty" in wrong.stderr


def test_a_campaign_file_becomes_a_plan_and_a_picture(run: Any, tmp_path: Path) -> None:
    (tmp_path / "week.toml").write_text(CAMPAIGN, "utf-8")
    shown = run("campaign", "-f", "week.toml", "--picture", "week.png")
    assert shown.exit_code == 0, shown.output
    assert "5 heats" in shown.stdout
    assert "above the cheapest there can be" in " ".join(shown.stdout.split())
    assert (tmp_path / "week.png").read_bytes().startswith(b"\x89PNG")
    plan = json.loads(run("campaign", "-f", "week.toml", "--json").stdout)
    assert [heat["grade"] for heat in plan["heats"]] == ["B500B"] * 3 + ["SAE1008"] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plant = ", "TOML"),
        ('plant = "northmill"\n', "heats"),
        (CAMPAIGN.replace("count = 3", "count = 0"), "heats.0.count"),
        (CAMPAIGN.replace('material = "E8 new thin"', 'material = "moon rock"'), "moon rock"),
    ],
)
def test_a_campaign_file_that_cannot_be_used_says_where(run: Any, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "week.toml").write_text(text, "utf-8")
    answer = run("campaign", "-f", "week.toml")
    assert answer.exit_code == 2
    assert says in answer.stderr


def test_an_audit_tells_a_whole_ledger_from_a_broken_one(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append("contribution", {"plant": "alpha", "heats": 300, "bytes": 2048})
    ledger.append("end", {"plants": ["alpha"], "seconds": 2.0})
    shown = run("federation", "audit", "--ledger", str(path), "--head", ledger.head)
    assert shown.exit_code == 0, shown.output
    assert "2 entries, the chain holds" in " ".join(shown.stdout.split())
    path.write_text(path.read_text("utf-8").replace("300", "301"), "utf-8")
    broken = run("federation", "audit", "--ledger", str(path))
    assert broken.exit_code == 5
    assert "entry 0" in broken.stderr


def test_runners_up_ranges_and_turns_are_printed_and_told(run: Any) -> None:
    order = ("-p", "northmill", "-g", "SAE1018")
    shown = run("alternatives", *order, "--count", "2")
    assert "2 cheapest different recipes" in shown.stdout, shown.output
    assert [one["rank"] for one in json.loads(run("alternatives", *order, "--count", "2", "--json").stdout)] == [1, 2]
    shown = run("ranges", *order, "--time-limit", "3")
    assert "Cu ≤" in shown.stdout, shown.output
    short = json.loads(run("ranges", *order, "--time-limit", "0.1", "--json").stdout)
    assert short["left_out"]
    turns = ("priorities", *order, "--turns")
    assert "emissions kgco2e/t" in run(*turns, "cost=0.5,emissions").stdout
    for wrong, told in (("cost=x,energy", "NAME=NUMBER"), ("cost,beauty", "beauty"), ("cost=-1,energy", "-1")):
        refused = run(*turns, wrong)
        assert refused.exit_code == 2
        assert told in refused.stderr
