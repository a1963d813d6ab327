"""The recipe, stated once: sets, variables, constraints and the objective of one structure, in Pyomo.

Read it beside `docs/formulation-recipe.md`. Every number of the day is a mutable parameter; each room of the statement
(`masses`, `limits`, `energy`, `baskets`, `house_rules`, `own_rules`) says which, and where its values come from.
"""

# `pyomo.environ` would load every solver's interface as well, and take twice as long.
import pyomo.core as pyo

from optimizer.model.statement.baskets import state_baskets, state_lifts
from optimizer.model.statement.energy import state_energy
from optimizer.model.statement.house_rules import state_house_rules
from optimizer.model.statement.limits import state_aims, state_limits
from optimizer.model.statement.masses import number, state_masses
from optimizer.model.statement.own_rules import state_own_rules
from optimizer.model.statement.structure import Structure


def recipe_model(structure: Structure) -> pyo.ConcreteModel:
    """The statement of a structure; its parameters are still to be given their values.

    Raises:
        OwnRuleError: a plant's own rule cannot be stated.
    """
    model = pyo.ConcreteModel("recipe")
    state_masses(model, structure)
    state_energy(model, structure)
    state_limits(model, structure)
    state_aims(model, structure)
    state_baskets(model, structure)
    state_house_rules(model, structure)
    state_lifts(model, structure)
    state_own_rules(model, structure)
    _state_objective(model, structure)
    return model


def _state_objective(model: pyo.ConcreteModel, structure: Structure) -> None:
    """€ of the heat; aims and headroom steer and are not paid."""
    model.eur_per_t, model.eur_per_kwh = number(model.MATERIALS), number()
    total = sum(model.eur_per_t[name] * model.mass_t[name] for name in model.MATERIALS)
    total += model.eur_per_kwh * model.energy_kwh
    total += sum(model.eur_per_wt_pct_t[e] * model.off_aim[e] for e in model.AIMED)
    if structure.blocks:
        model.BLOCKS = pyo.Set(initialize=structure.blocks)
        model.block_eur = number(model.BLOCKS)
        total += sum(model.block_eur[name] * model.used[name] for name in model.BLOCKS)
    if structure.headroom:
        model.eur_per_headroom = number()
        total -= model.eur_per_headroom * model.headroom
    if structure.priced_steel:
        model.steel_eur_per_t = number()
        # What the order's own mass is worth counts too, so that a relative gap means what it does without a price.
        total -= model.steel_eur_per_t * (model.steel_t - model.order_t)
    model.cost_eur = pyo.Objective(expr=total)
