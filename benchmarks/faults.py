"""Faults found on real inputs, run end to end through the command and the REST service.

    python -m benchmarks.faults [--quick] --json FILE

Counts cases, how many are right, how many said something wrong
without a word, traces, and answers of the service with a status of 500 or more.
"""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.faults_command import ingest_cases, name_cases, plant_file_cases, recipe_cases, training_cases
from benchmarks.faults_harness import Case, Outcome, Verdict
from benchmarks.faults_service import service_cases
from benchmarks.report import SHARED_DATA, Results

CASES = SHARED_DATA / "cases"


def measure(quick: bool) -> Results:
    """Run every case and count; `--quick` leaves most trainings out."""
    if not CASES.is_dir():
        raise SystemExit("the cases are not beside this checkout (shared/data/cases)")
    with TemporaryDirectory() as folder:
        home = Path(folder)
        cases = [
            *ingest_cases(CASES, home),
            *training_cases(CASES, home, quick),
            *plant_file_cases(CASES, home),
            *recipe_cases(CASES, home),
            *name_cases(home),
            *service_cases(CASES, home),
        ]
        outcomes = [(case, _outcome(case)) for case in cases]
    _show(outcomes)
    count = Counter(outcome.verdict for _, outcome in outcomes)
    return {
        "cases": len(outcomes),
        "right": count[Verdict.RIGHT],
        "silent_wrong": count[Verdict.SILENT],
        "wrong": count[Verdict.WRONG],
        "traces": sum(outcome.trace for _, outcome in outcomes),
        "status_5xx": sum(outcome.status >= 500 for _, outcome in outcomes),
    }


def _outcome(case: Case) -> Outcome:
    # Whatever else a case ends in is a fault of its own and must not end the others.
    try:
        return case.run()
    except Exception as error:
        return Outcome(Verdict.WRONG, f"{type(error).__name__}: {error}", trace=True)


def _show(outcomes: list[tuple[Case, Outcome]]) -> None:
    table = Table(title="Faults found on real inputs", title_justify="left")
    for heading in ("case", "verdict", "what it does now"):
        table.add_column(heading, overflow="fold")
    for case, outcome in outcomes:
        style = None if outcome.verdict is Verdict.RIGHT else "bold red"
        table.add_row(case.name, outcome.verdict.value, " ".join(outcome.told.split())[:110], style=style)
    Console(width=160).print(table)


if __name__ == "__main__":
    report.run("faults", measure)
