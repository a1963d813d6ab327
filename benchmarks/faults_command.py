"""Faults that show at the command: files read wrongly, plant files, training, recipes, names."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.faults_harness import Case, Outcome, Said, call, heats, judged, refused
from steel.elements import Element
from steel.heats import HeatLog

CU, SN, C = Element.CU, Element.SN, Element.C
Check = Callable[[HeatLog], bool]
QUICK_TRAININGS = ("a_energy_varies", "g_sn_zero", "l_ten_heats", "m_nine_heats", "q_empty_charge_one", "u_all_zero_E")


def of(log: HeatLog, element: Element) -> np.ndarray:
    """(N,) wt% of an element."""
    return log.analysis_wt_pct[:, log.elements.index(element)]


def ingest_cases(cases: Path, home: Path) -> list[Case]:
    """Files that were misread: each is read as it was meant, or refused, or what cannot be read is set aside."""

    def ingest(name: str, file: str, mapping: str, check: Check) -> Case:
        def run() -> Outcome:
            plant = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            place = home / plant
            said = call(place, "ingest", "--heats", str(cases / file), "--mapping", str(cases / mapping), "-p", plant)
            return judged(said, said.code == 0 and check(heats(place, plant)))

        return Case(f"ingest {name}", run)

    def refuse(name: str, file: str, mapping: str, *words: str) -> Case:
        def run() -> Outcome:
            place = home / re.sub(r"[^a-z0-9]+", "-", name.lower())
            paths = ("--heats", str(cases / file), "--mapping", str(cases / mapping))
            return refused(call(place, "ingest", *paths, "-p", "works"), *words)

        return Case(f"ingest {name}", run)

    table, book, mixed = "06-report-shaped-tables", "07-encodings-and-workbooks", "03-decimal-mixture"
    same = [
        ingest(f"encoding {file}", f"{book}/{file}.csv", f"{book}/enc.toml", _is_the_usual_book)
        for file in ("bom", "cp1252", "crlf", "nfd", "quotedbom", "sepline", "utf16", "utf8")
    ]
    return [
        ingest("day-first dates", "01-day-first-dates/heats.csv", "01-day-first-dates/works.toml", _is_day_first),
        ingest("decimal comma and points", f"{mixed}/decmix.csv", f"{mixed}/decmix.toml", _is_mixed),
        ingest("thousands", f"{mixed}/thou.csv", f"{mixed}/thou.toml", _has_thousands),
        ingest("US units", "04-us-units/us.csv", "04-us-units/us.toml", _is_american),
        ingest("mg/kg", "04-us-units/us.csv", "04-us-units/u.toml", _is_in_mg_per_kg),
        ingest("below detection", "05-below-detection/lab.csv", "05-below-detection/lab.toml", _keeps_limits),
        ingest("capital symbols", "05-below-detection/upper.csv", "05-below-detection/lab.toml", _keeps_limits),
        ingest("title line", f"{table}/title.csv", f"{table}/report.toml", lambda log: len(log) == 2),
        ingest("two title lines", f"{table}/title2.csv", f"{table}/report.toml", lambda log: len(log) == 2),
        ingest("average row", f"{table}/units.csv", f"{table}/report.toml", partial(_are, ["1", "2", "3"])),
        ingest("ragged row", f"{table}/ragged.csv", f"{table}/report.toml", partial(_are, ["1", "3"])),
        ingest("trailing separators", f"{table}/trail.csv", f"{table}/report.toml", lambda log: len(log) == 3),
        ingest("blanks in the header", f"{table}/sp.csv", f"{table}/report.toml", lambda log: len(log) == 1),
        refuse("doubled columns", f"{table}/dup.csv", f"{table}/report.toml", "cu"),
        refuse("doubled materials", f"{table}/basket.csv", f"{table}/report.toml", "M100"),
        refuse("an empty file", f"{table}/empty.csv", f"{table}/report.toml", "empty"),
        refuse("a header alone", f"{table}/head.csv", f"{table}/report.toml", "at least one heat"),
        *same,
        refuse("an encoding nobody knows", f"{book}/utf8.csv", f"{book}/e.toml", "nonsense"),
        refuse("a sheet that is not there", f"{book}/book.xlsx", f"{book}/sheet2.toml", "Schmelzen"),
        refuse("a page called a workbook", f"{book}/html.xlsx", f"{book}/enc.toml", "readable table"),
        ingest("a formula without a value", f"{book}/book.xlsx", f"{book}/sheet.toml", _leaves_formula_out),
        refuse("long format", "22-long-format/long.csv", "22-long-format/long.toml", "Shred"),
        ingest("bare column names", "22-long-format/wide.csv", "22-long-format/long.toml", lambda log: len(log) == 2),
        Case("files that come late", partial(_late_files, cases / "08-late-file", home / "late")),
    ]  # fmt: skip


def _is_day_first(log: HeatLog) -> bool:
    days = log.tapped_at.astype("datetime64[D]")
    return len(log) == 24 and str(days[2]) == "2024-03-01" and bool((np.diff(days).astype(int) == 1).all())


def _is_mixed(log: HeatLog) -> bool:
    copper = dict(zip(log.heat_ids.tolist(), of(log, CU).tolist(), strict=True))
    known = [value for value in copper.values() if np.isfinite(value)]
    return copper.get("1") == 0.186 and copper.get("8") == 0.192 and max(known) < 0.3 and "6" not in copper


def _has_thousands(log: HeatLog) -> bool:
    return bool(np.allclose(log.charged_t, [[34.402, 70.598], [34.4025, 70.598]]))


def _is_american(log: HeatLog) -> bool:
    warm = np.allclose(log.process["tap_temperature_c"], [1625.0, 1626.67], atol=0.01)
    return bool(warm and np.allclose(log.tapped_t, [99.79, 100.70], atol=0.01))


def _is_in_mg_per_kg(log: HeatLog) -> bool:
    return bool(np.allclose(of(log, CU), [2.0e-5, 2.1e-5]))


def _are(heat_ids: list[str], log: HeatLog) -> bool:
    return bool(log.heat_ids.tolist() == heat_ids)


def _keeps_limits(log: HeatLog) -> bool:
    if len(log) != 13 or log.below_wt_pct is None:
        return False
    limits = log.below_wt_pct[:, log.elements.index(SN)]
    missing = ~np.isfinite(of(log, SN))
    return bool(np.allclose(limits[:2], 0.005) and missing[2:5].all() and of(log, SN)[5] == 0.010 and missing[9])


def _is_the_usual_book(log: HeatLog) -> bool:
    return log.heat_ids.tolist() == ["0012345", "0012346"] and bool(np.allclose(of(log, CU), [0.20, 0.21]))


def _leaves_formula_out(log: HeatLog) -> bool:
    at = log.heat_ids.tolist().index("0012347")
    return bool(not np.isfinite(of(log, CU)[at]) and np.isfinite(of(log, C)[at]))


def _late_files(folder: Path, home: Path) -> Outcome:
    said = None
    for file, mapping in (("feb", "late"), ("jan", "late"), ("mar", "late2"), ("jan2", "late")):
        paths = ("--heats", str(folder / f"{file}.csv"), "--mapping", str(folder / f"{mapping}.toml"))
        said = call(home, "ingest", *paths, "-p", "late")
        if said.code != 0:
            return judged(said, False)
    log = heats(home, "late")
    in_order = bool((np.diff(log.tapped_at).astype(int) > 0).all())
    newest = str(log.tapped_at[-1])[:7] == "2024-03"
    return judged(said or Said(1, "", "", True), in_order and newest and set(log.materials) == {"Shred", "HMS", "Pig"})


def training_cases(cases: Path, home: Path, quick: bool) -> list[Case]:
    """Constant, zero, exact, collinear, tiny and missing data: trained with sound scores, or refused in words."""
    folder = cases / "10-constant-column"
    names = [path.stem for path in sorted(folder.glob("*.csv")) if not quick or path.stem in QUICK_TRAININGS]
    return [Case(f"train {name}", partial(_train, folder, home / f"t-{name}", name)) for name in names]


def _train(folder: Path, home: Path, name: str) -> Outcome:
    paths = ("--heats", str(folder / f"{name}.csv"), "--mapping", str(folder / f"{name}.toml"))
    read = call(home, "ingest", *paths, "-p", name)
    said = call(home, "train", "-p", name, "--json")
    if name == "m_nine_heats":
        return refused(said, "9", "at least 10")
    scores = [row["surrogate"]["r2"] for row in said.json()["metrics"]] if said.code == 0 else []
    sound = all(r2 is None or r2 > -1.0 for r2 in scores)
    return judged(said, read.code == 0 and said.code == 0 and sound)


TYPOS = (
    ("available_t = 8", "availible_t = 8", "available_t"),
    ("max_t = 15.0", "max_per_heat_t = 15.0", "max_per_heat_t"),
    ("min_t = 2.8", "minimum_t = 2.8", "minimum_t"),
    ("[prices]", "[price]", "prices"),
    ("[prices]", "[emission_factors]\nelectricty_kgco2e_per_kwh = 0.2\n[prices]", "electricity_kgco2e_per_kwh"),
    ("[prices]", "[emission_factors]\nelectricity_kgco2e_per_kwh = -5\n[prices]", "at least 0"),
    ("[prices]", '[[groups]]\nname = "light"\n[prices]', "group"),
    ('class = "E1"', 'class = "E1"\ncontent_wt_pct = { Cu = 0.3 }', "contents_wt_pct"),
    ('class = "E1"', 'class = "E1"\ncontents_wt_pct = { Cu = "0,25" }', "a number"),
    ('class = "E1"', 'class = "E1"\ncontents_wt_pct = { Cu = 0.3, cu = 0.2 }', "each element once"),
    ('name = "northmill"', 'name = "other"', "northmill"),
    ('"B500B"', '"B501B"', "B500B"),
    ("oxygen_nm3_per_t = 34", "oxigen_nm3_per_t = 34", "oxygen_nm3_per_t"),
    ("tap_weight_t = 100", "tap_weight_t = true", "a number"),
    ("heel_t = 14", "heal_t = 14", "heel_t"),
)


def plant_file_cases(cases: Path, home: Path) -> list[Case]:
    """Plant files with one slip each: refused by name, with what was meant."""
    good = (cases / "19-plant-file-typos" / "good.toml").read_text("utf-8")

    def check(number: int, old: str, new: str, word: str) -> Outcome:
        place = home / f"plant-{number}"
        (place / "plants").mkdir(parents=True)
        text = good.replace(old, new, 1)
        (place / "plants" / "northmill.toml").write_text(text, "utf-8")
        said = call(place, "plant", "check", "northmill")
        return refused(said, word) if text != good else judged(said, False)

    return [
        Case(f"plant file: {new.splitlines()[-1 if 'class' in old else 0][:40]}", partial(check, at, old, new, word))
        for at, (old, new, word) in enumerate(TYPOS)
    ]


def recipe_cases(cases: Path, home: Path) -> list[Case]:
    """Recipes at a plant whose answers are known: an equality, and half a ton of iron."""
    return [
        Case("an equality at its known optimum", partial(_equality, cases / "10-constant-column", home / "ingots")),
        Case("fifty grams of manganese", partial(_grams, cases / "12-iron-foundry-pounds", home / "castiron")),
    ]


def _trained(home: Path, plant: str, table: Path, mapping: Path, file: Path) -> None:
    (home / "plants").mkdir(parents=True)
    (home / "plants" / f"{plant}.toml").write_text(file.read_text("utf-8"), "utf-8")
    call(home, "ingest", "--heats", str(table), "--mapping", str(mapping), "-p", plant)
    call(home, "train", "-p", plant)


def _equality(folder: Path, home: Path) -> Outcome:
    data = folder / "a_energy_varies"
    _trained(home, "ingots", data.with_suffix(".csv"), data.with_suffix(".toml"), folder / "plant.toml")
    limits = [part for element in ("C", "Mo") for part in ("--min", f"{element}=5", "--max", f"{element}=5")]
    said = call(home, "recommend", "-p", "ingots", "-g", "B500B", *limits, "--json")
    cost = sum(said.json()["costs_eur_per_t"].values()) if said.code == 0 else 0.0
    return judged(said, abs(cost - 339.80) < 0.01)


def _grams(folder: Path, home: Path) -> Outcome:
    _trained(home, "castiron", folder / "heats.csv", folder / "mapping.toml", folder / "plant.toml")
    limits = ("--min", "Si=2.0", "--max", "Si=2.6", "--min", "Mn=0.45", "--max", "Mn=0.6", "--confidence", "0.5")
    said = call(home, "recommend", "-p", "castiron", "-g", "B500B", "--max", "C=100", *limits)
    row = re.search(r"Manganese\s+│\s+([0-9.]+)( kg)?", said.out)
    return judged(said, said.code == 0 and row is not None and float(row[1]) > 0)


def name_cases(home: Path) -> list[Case]:
    """Names that would have been files elsewhere: refused before anything is written."""
    asked = [
        *(("train", "--plant", name) for name in ("../../outside", "", ".", "a/b", "Werk Süd")),
        *(("federation", "init", "--plants", names) for names in ("../evil", "server.key,b", "")),
        ("castings", "predict", "none.xlsx", "--product", "../up"),
        ("plant", "new", "../../up"),
    ]

    def refuse(number: int, arguments: tuple[str, ...]) -> Outcome:
        place = home / f"name-{number}" / "home"
        place.mkdir(parents=True)
        folder = ("--folder", str(place / "federation")) if arguments[0] == "federation" else ()
        said = call(place, *arguments, *folder)
        strange = [path for path in place.parent.rglob("*") if path.is_file() and path.name != "heats.db"]
        return judged(said, said.code == 2 and not strange)

    return [
        Case(
            " ".join(part if part and " " not in part else repr(part) for part in arguments),
            partial(refuse, at, arguments),
        )
        for at, arguments in enumerate(asked)
    ]
