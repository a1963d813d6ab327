"""Whether a plant's own rules can be stated, before any order needs them."""

from optimizer.model.instance import compiled_statement
from optimizer.model.statement.structure import structure_of
from optimizer.problem.options import RecipeOptions
from optimizer.problem.own_rules import OwnRule, own_rules
from optimizer.problem.recipe_problem import build_problem
from steel.grades import Grade, Order
from steel.plants import Plant
from surrogate.model.stated_model import stated_description


def checked_rules(plant: Plant) -> tuple[OwnRule, ...]:
    """A plant's own rules, each stated over its whole yard.

    Raises:
        InputError: the file does not run, or a rule is not linear or names what is not there.
    """
    rules = own_rules(plant.rules)
    if rules:
        description = stated_description([item.material for item in plant.charge_items()], ())
        order = Order(grade=Grade(name="any"), mass_t=plant.furnace.tap_weight_t)
        compiled_statement(structure_of(build_problem(plant, order, description, RecipeOptions())))
    return rules
