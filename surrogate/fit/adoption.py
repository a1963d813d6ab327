"""A data scientist's own models as a description that the optimizer takes.

A model here predicts one output, fresh steel's wt% or kWh per t tapped, of `t charged per t tapped` in the order of the
materials. What it is made of decides what a recipe with it costs: a linear model nothing, a `MaxAffine` module (a
maximum of affine pieces) nothing where it is minimised or bounded above, trees one yes/no decision a split point, a
ReLU network one a unit that some charges cut at zero and others do not.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeRegressor
from torch import nn

from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from surrogate.fit.boosting import complete
from surrogate.fit.conformal import conformal
from surrogate.fit.convex import MaxAffine
from surrogate.fit.heat_data import fresh_wt_pct
from surrogate.model.description import Description, OutputPieces
from surrogate.model.networks import ReluNetwork
from surrogate.model.quantiles import LEVELS, Quantiles
from surrogate.model.schema import ENERGY
from surrogate.model.trees import Trees

DEEPEST = 8
"""Questions a tree may ask; a deeper one has more leaves than heats to fill them."""
TAKES = (
    "a linear model with coef_ and intercept_, a MaxAffine module, a decision tree, a forest, gradient boosting, "
    "scikit-learn's MLPRegressor with relu, or torch's Sequential of Linear and ReLU"
)


def adopt(
    models: Mapping[str, Any], materials: tuple[Material, ...], yields: FloatArray, held_back: HeatLog
) -> Description:
    """Describe models of one's own.

    Args:
        models: fitted, by output: element symbols and "energy_kwh_per_t", which a recipe needs.
        materials: n, in the order of the models' features.
        yields: (n,) t of steel per t, which no model here says.
        held_back: heats that no model was fitted on; their residuals make the intervals. Heats with a recorded heel are
            compared after it is un-mixed.

    Raises:
        InputError: a model is of a kind that cannot be described, the energy is missing, a name is no element, or the
            heats charge a material that is not among the materials.
    """
    if ENERGY not in models:
        raise InputError(sorted(models), "models", f"one for {ENERGY} among them")
    strange = sorted(set(models) - {ENERGY} - {element.value for element in held_back.elements})
    if strange:
        raise InputError(strange, "models", f"elements that the heats record, and {ENERGY}")
    features, fresh = _heats(held_back, materials, yields)
    found = {}
    for name, model in models.items():
        recorded = held_back.energy_kwh_per_t if name == ENERGY else fresh[Element(name)]
        pieces = output_pieces(model, yields)
        found[name] = _with_residuals(pieces, features, recorded, yields)
    energy = found.pop(ENERGY)
    elements = {Element(name): pieces for name, pieces in found.items()}
    return Description(materials=materials, yields=yields, elements=elements, energy=energy)


def output_pieces(model: Any, yields: FloatArray) -> OutputPieces:
    """One model as pieces, as yet without scatter.

    Raises:
        InputError: it is of a kind that cannot be described exactly.
    """
    n = len(yields)
    sure = Quantiles(np.zeros(len(LEVELS)))
    nothing = OutputPieces(np.zeros(n), np.zeros((0, n)), np.zeros((n, n)), sure)
    if isinstance(model, MaxAffine):
        slope, offset = model.slope.detach().numpy(), model.offset.detach().numpy()
        if slope.shape[0] != 1:
            raise InputError(slope.shape[0], "outputs of the MaxAffine module", "one; give each output its own module")
        # T · (s·x/T + o) = (s + o y)·x: an offset goes with the steel that the charge makes.
        return replace(nothing, pieces=_fits(slope[0], n) + offset[0][:, None] * yields)
    if isinstance(model, DecisionTreeRegressor):
        return replace(nothing, trees=_trees([model.tree_], 1.0))
    if isinstance(model, (RandomForestRegressor, ExtraTreesRegressor)):
        grown = [tree.tree_ for tree in model.estimators_]
        return replace(nothing, trees=_trees(grown, 1.0 / len(grown)))
    if isinstance(model, GradientBoostingRegressor):
        start = float(np.ravel(model.init_.constant_)[0])
        grown = [tree.tree_ for tree in model.estimators_.ravel()]
        return replace(nothing, linear=start * yields, trees=_trees(grown, model.learning_rate))
    if isinstance(model, (MLPRegressor, nn.Module)):
        return replace(nothing, network=_network(model, n))
    if hasattr(model, "coef_") and hasattr(model, "intercept_"):
        coefficients = _fits(np.atleast_2d(np.asarray(model.coef_, dtype=np.float64)), n)[0]
        return replace(nothing, linear=coefficients + float(np.ravel(model.intercept_)[0]) * yields)
    raise InputError(type(model).__name__, "model", TAKES)


def _network(model: Any, materials: int) -> ReluNetwork:
    """A network of Linear layers with a ReLU between any two."""
    if isinstance(model, MLPRegressor):
        if (model.activation, model.out_activation_) != ("relu", "identity"):
            asked = "relu, with a loss whose output is not transformed"
            raise InputError((model.activation, model.out_activation_), "activations of the MLPRegressor", asked)
        weights = [np.asarray(layer, dtype=np.float64).T for layer in model.coefs_]
        biases = [np.asarray(layer, dtype=np.float64) for layer in model.intercepts_]
    else:
        layers = [layer for layer in (model if isinstance(model, nn.Sequential) else [model])
                  if not isinstance(layer, (nn.Dropout, nn.Identity))]  # fmt: skip
        kinds = [type(layer) for layer in layers]
        if kinds != [nn.Linear, *([nn.ReLU, nn.Linear] * ((len(layers) - 1) // 2))]:
            raise InputError([kind.__name__ for kind in kinds], "layers of the module", "Linear, ReLU, ..., Linear")
        linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
        weights = [layer.weight.detach().double().numpy() for layer in linear]
        biases = [
            np.zeros(layer.out_features) if layer.bias is None else layer.bias.detach().double().numpy()
            for layer in linear
        ]
    if len(weights[-1]) != 1:
        raise InputError(len(weights[-1]), "outputs of the network", "one; give each output its own")
    _fits(weights[0], materials)
    return ReluNetwork(tuple(weights), tuple(biases))


def _fits(coefficients: FloatArray, materials: int) -> FloatArray:
    if coefficients.shape[-1] != materials:
        raise InputError(coefficients.shape[-1], "features of the model", f"{materials}, one a material")
    return coefficients


def _trees(grown: list[Any], factor: float) -> Trees:
    depth = max(1, *(int(tree.max_depth) for tree in grown))
    if depth > DEEPEST:
        raise InputError(depth, "depth of the trees", f"at most {DEEPEST}; fit with max_depth")
    return complete(grown, depth, factor, lambda _, at: at)


def _heats(
    log: HeatLog, materials: tuple[Material, ...], yields: FloatArray
) -> tuple[FloatArray, dict[Element, FloatArray]]:
    """(N, n) t charged per t tapped, and the fresh steel's analysis by element, (N,)."""
    names = tuple(material.name for material in materials)
    strange = sorted(set(log.materials) - set(names))
    if strange:
        raise InputError(strange, "heats", f"materials of the models: {', '.join(names)}")
    charged = log.charged_in(names)
    tapped = charged @ yields
    fresh = fresh_wt_pct(log, tapped)
    return charged / tapped[:, None], {element: fresh[:, column] for column, element in enumerate(log.elements)}


def _with_residuals(
    pieces: OutputPieces, features: FloatArray, recorded: FloatArray, yields: FloatArray
) -> OutputPieces:
    """The pieces with one standard deviation per t tapped, and how its residuals are really spread."""
    predicted = np.array([pieces.value(row, 1.0) for row in features])
    residuals = recorded - predicted
    sd = max(float(np.nanstd(residuals)), 1e-9)
    return replace(pieces, covariance=sd**2 * np.outer(yields, yields), quantiles=conformal(residuals / sd))
