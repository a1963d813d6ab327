from dataclasses import replace

import numpy as np
import pytest

from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.coverage import LEVELS, limit_coverage


def test_stated_confidence_is_real_over_all_heats_by_grade_and_by_month(
    history: HeatLog, materials: tuple[Material, ...]
) -> None:
    model = fit(history.rows(slice(0, 450)), materials, FitOptions(remainders=()))
    later = history.rows(slice(450, 700))
    found = limit_coverage(model, later)
    shares = np.array([row.shares for row in found if row.group == "all"])
    assert (shares > np.array(LEVELS) - 0.08).all()
    assert shares.mean(axis=0) == pytest.approx(np.array(LEVELS), abs=0.08)
    grades = [row for row in found if row.group in set(later.grades.tolist())]
    months = [row for row in found if row.group[:2] == "20"]
    assert grades
    assert months
    for row in (*grades, *months):
        assert row.shares[-1] > 0.95
        assert row.shares[0] == pytest.approx(0.80, abs=0.12)
    elements = [name for name in model.outputs if name != "energy_kwh_per_t"]
    recorded = int(np.isfinite(later.analysis_wt_pct[:, : len(elements)]).sum())
    assert sum(row.heats for row in found if row.group[:2] == "20" or row.group == "others") >= recorded


def test_a_plant_gone_dirty_is_not_covered(history: HeatLog, materials: tuple[Material, ...]) -> None:
    model = fit(history.rows(slice(0, 450)), materials, FitOptions(remainders=()))
    later = history.rows(slice(450, 700))
    dirty = replace(later, analysis_wt_pct=1.5 * later.analysis_wt_pct)
    copper = next(row for row in limit_coverage(model, dirty) if row.output == "Cu")
    assert copper.shares[LEVELS.index(0.95)] < 0.7
