"""Every kind of file that plants have: read right, or refused with the reason and the place."""

from pathlib import Path

import pytest

from benchmarks.messy_files import CASES, FIRST, ROWS, Messy, changed, wrong_with
from benchmarks.messy_writers import HEAD


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_messy_file_is_read_right_or_refused(tmp_path: Path, case: Messy) -> None:
    assert wrong_with(case, tmp_path) == ""


def test_the_suite_notices_what_is_read_wrong(tmp_path: Path) -> None:
    wrong = Messy("copper tenfold", (HEAD, ROWS[0]), {"1001": changed(FIRST, Cu=3.1)})
    assert wrong_with(wrong, tmp_path).startswith("heat 1001")
    assert wrong_with(Messy("should be refused", (HEAD, ROWS[0]), refused="x"), tmp_path).startswith("not refused")
