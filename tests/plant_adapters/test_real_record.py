from pathlib import Path

import numpy as np

from plant_adapters.mapping.entries import BASKETS
from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.reading.quarantine import Reason
from plant_adapters.sources.table import TableAdapter


def test_the_real_record_names_its_negative_and_absurd_weights(real_heats: Path) -> None:
    batch = TableAdapter(real_heats, read_mapping("dsp120_eaf")).read_heats()
    report = batch.report
    assert report.rows_read >= 2596
    assert report.rows_valid + report.rows_quarantined == report.rows_read
    values = {(r.column, r.value): r.reason for r in report.rejections}
    assert values["total_charge", "-22955.0"] is Reason.NEGATIVE_WEIGHT
    assert values["total_charge", "34567.0"] is Reason.ABSURD_WEIGHT
    assert report.by_reason()[Reason.MISSING_ANALYSIS] > 200
    assert len(report.corrections) >= 8
    assert all(correction.mass_t < 0 for correction in report.corrections)
    assert (batch.log.charged_t >= 0).all()
    assert np.isfinite(batch.log.analysis_wt_pct).any(axis=1).all()
    assert batch.log.materials[0] == BASKETS
