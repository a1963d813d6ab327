from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.sources.table import TableAdapter
from scenarios.virtual_plant import VirtualPlant
from steel.elements import Element
from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.convex import fit_pieces
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.baselines import BASELINES, fit_predict
from surrogate.judge.evaluation import evaluate
from surrogate.judge.recorded import recorded
from surrogate.model.model import Surrogate


@pytest.fixture(scope="module")
def model(history: HeatLog, materials: tuple[Material, ...]) -> Surrogate:
    return fit(history.rows(slice(0, 500)), materials)


def test_predictions_lie_nearer_the_truth_than_plain_regressions(
    northmill: VirtualPlant, history: HeatLog, model: Surrogate
) -> None:
    learned, later = history.rows(slice(0, 500)), history.rows(slice(500, None))
    truth, predicted = northmill.expected(later), model.predict(later)
    assert np.abs(predicted.tapped_t / truth.tapped_t - 1).mean() < 0.004
    for name in BASELINES:
        ratios = []
        for output in ("Cu", "Sn", "Ni", "Cr", "Mo", "P", "S", "energy_kwh_per_t"):
            plain = fit_predict(name, learned, recorded(learned, output), later)
            best = recorded(truth, output)
            ratios.append(np.abs(predicted.mean[output] - best).mean() / np.abs(plain - best).mean())
        assert np.mean(ratios) < 0.8, name


def test_intervals_cover_about_what_they_say(history: HeatLog, model: Surrogate) -> None:
    later = history.rows(slice(500, None))
    predicted = model.predict(later)
    covered = []
    for output in model.schema.outputs:
        low, high = model.interval(output, predicted, 0.9)
        covered.append(np.mean((recorded(later, output) >= low) & (recorded(later, output) <= high)))
    assert 0.83 < np.mean(covered) < 0.96


@pytest.mark.parametrize("element", [Element.CU, Element.SN, Element.NI])
def test_contents_move_from_the_catalogue_towards_the_truth(
    northmill: VirtualPlant, model: Surrogate, element: Element
) -> None:
    truth = northmill.true_contents(element)
    scrap = [(column, m) for column, m in enumerate(model.schema.materials) if m.metallic_yield > 0]
    learned = [abs(model.outputs[element.value].linear.mean[column] - truth[m.name]) for column, m in scrap]
    published = [abs(m.content(element) - truth[m.name]) for _, m in scrap]
    assert sum(learned) < 0.5 * sum(published)


@pytest.mark.parametrize("heel_t", [0.0, 14.0])
def test_the_description_says_what_the_model_predicts(history: HeatLog, model: Surrogate, heel_t: float) -> None:
    heat = replace(history.rows(slice(600, 601)), heel_t=np.array([heel_t]))
    predicted = model.predict(heat, planned=True)
    share = heel_t / (heel_t + predicted.tapped_t[0])
    heel = {e: float(w) for e, w in zip(heat.elements, heat.heel_wt_pct[0], strict=True)}
    described = model.describe({name: float(v[0]) for name, v in heat.process.items()}, share, heel)
    charged = model.schema.charged(heat)[0]
    assert described.tapped_t(charged) == pytest.approx(predicted.tapped_t[0], rel=1e-9)
    for element in described.elements:
        assert described.bath_wt_pct(element, charged) == pytest.approx(predicted.mean[element.value][0], rel=1e-9)
        assert described.bath_sd_wt_pct(element, charged) == pytest.approx(predicted.sd[element.value][0], rel=1e-9)
    tapped = described.tapped_t(charged)
    assert described.energy.value(charged, tapped) == pytest.approx(predicted.mean["energy_kwh_per_t"][0], rel=1e-9)


def test_missing_analyses_and_an_unused_yard_material_are_no_obstacle(
    history: HeatLog, materials: tuple[Material, ...]
) -> None:
    analysis = history.analysis_wt_pct.copy()
    analysis[::3, history.elements.index(Element.SN)] = np.nan
    analysis[5] = np.nan
    new = materials[0].renamed("new supplier")
    model = fit(replace(history, analysis_wt_pct=analysis).rows(slice(0, 200)), (*materials, new))
    position = model.schema.names.index("new supplier")
    assert model.outputs["Cu"].linear.mean[position] == pytest.approx(new.content(Element.CU), rel=0.3)
    assert np.isfinite(model.predict(history.rows(slice(200, 210))).mean["Sn"]).all()


def test_too_few_heats_and_unknown_materials_are_clear_errors(
    history: HeatLog, materials: tuple[Material, ...], model: Surrogate
) -> None:
    with pytest.raises(InputError, match="at least 10"):
        fit(history.rows(slice(0, 5)), materials)
    with pytest.raises(InputError, match="E1 old thin"):
        fit(history, materials[1:])
    renamed = replace(history.rows(slice(0, 2)), materials=("gold", *history.materials[1:]))
    with pytest.raises(InputError, match="gold"):
        model.predict(replace(renamed, charged_t=renamed.charged_t + 1))


def test_a_convex_kink_is_found_and_a_straight_line_gets_no_pieces(
    history: HeatLog, materials: tuple[Material, ...]
) -> None:
    rng = np.random.default_rng(0)
    features = np.hstack([rng.uniform(-1, 1, (800, 2)), np.ones((800, 1))])
    target = np.abs(features[:, :1]) + 0.01 * rng.normal(size=(800, 1))
    found = fit_pieces(features, target, np.full((800, 1), 1e-4), pieces=4)
    assert np.abs(found.value(features) - np.abs(features[:, :1])).mean() < 0.05
    straight = replace(history, energy_kwh_per_t=300 + history.process["oxygen_nm3_per_t"])
    model = fit(straight, materials, FitOptions(remainders=("convex",)))
    pieces = model.outputs["energy_kwh_per_t"].pieces
    features = model.schema.features(history.charged_t, history.tapped_t, model.schema.standardised(history))
    spread = np.ptp((features @ pieces.T).max(axis=1)) if len(pieces) else 0.0
    assert spread < 5.0


def test_the_real_record_is_learned_as_well_as_ridge_and_its_intervals_hold(real_heats: Path) -> None:
    batch = TableAdapter(real_heats, read_mapping("dsp120_eaf")).read_heats()
    _, judged = evaluate(batch.log, batch.materials, baselines=("ridge",))
    elements = [row for row in judged if row.output != "energy_kwh_per_t"]
    assert len(elements) == 12
    assert np.mean([row.surrogate.mae / row.baselines["ridge"].mae for row in elements]) < 1.0
    assert 0.88 < np.mean([row.coverage_90 for row in elements]) < 0.92
