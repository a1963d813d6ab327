"""Heats that were corrected after a model had learned from them: learned again at the next update."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chargewise.app.settings import Settings
from chargewise.app.training import update_plant
from chargewise.app.workplace import Workplace
from surrogate.fit.fit import fit
from tests.conftest import Installation


def test_what_was_learned_from_an_old_value_is_learned_again(installation: Installation, tmp_path: Path) -> None:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    place = Workplace(settings=Settings(home=home))
    log, materials = place.heats("northmill")
    assert update_plant(place.registry, "northmill", log, materials) is None
    some = log.rows(slice(100, 140))
    analysis = some.analysis_wt_pct.copy()
    analysis[:, [str(element) for element in log.elements].index("Cu")] *= 3.0
    place.store.add("northmill", replace(some, analysis_wt_pct=analysis), materials)
    corrected, materials = place.heats("northmill")
    found = update_plant(place.registry, "northmill", corrected, materials)
    assert found is not None
    assert (found.corrected, found.heats) == (True, 0)
    model, _ = place.registry.active("northmill")
    expected = fit(corrected, materials)
    newest = corrected.rows(slice(-20, None))
    assert model.predict(newest).mean["Cu"] == pytest.approx(expected.predict(newest).mean["Cu"])
    assert update_plant(place.registry, "northmill", corrected, materials) is None
    assert np.isfinite(model.predict(newest).mean["Cu"]).all()
    place.store.close()
