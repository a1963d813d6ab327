"""`chargewise baskets` and `lots`: how a heat is loaded, and of which deliveries."""

from rich.table import Table

from chargewise.commands.answers import stated_order
from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import (
    AsJson,
    Confidence,
    Grade,
    Maxima,
    Minima,
    MostMaterials,
    PlantName,
    PricesToday,
    StockToday,
)
from chargewise.commands.console.output import out, print_json, reporting_errors
from optimizer.problem.options import RecipeOptions


def baskets(
    plant: PlantName,
    grade: Grade,
    maximum: Maxima = None,
    minimum: Minima = None,
    price: PricesToday = None,
    stock: StockToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    as_json: AsJson = False,
) -> None:
    """How many baskets to charge in: what each number costs, and what the last one may cost to pay."""
    with reporting_errors():
        options = RecipeOptions(confidence=confidence, max_materials=max_materials)
        application, asked = stated_order(plant, grade, (maximum, minimum), (price, stock), options)
        found = application.basket_choices(asked)
        if as_json:
            print_json(found)
            return
        table = Table(title=f"{plant}, {grade}: {found.best} baskets", title_justify="left")
        for heading in ("baskets", "recipe, €", "with the baskets, €", "the last pays up to, €"):
            table.add_column(heading, justify="right")
        for one in found.choices:
            pays = found.break_even_eur.get(one.count)
            told = "" if pays is None else f"{pays:,.0f}"
            style = "bold" if one.count == found.best else "none"
            table.add_row(str(one.count), f"{one.recipe_eur:,.0f}", f"{one.total_eur:,.0f}", told, style=style)
        out.print(table)
        out.print(f"One basket takes {found.each_eur:,.0f} € of time and heat")


def lots(
    plant: PlantName,
    grade: Grade,
    maximum: Maxima = None,
    minimum: Minima = None,
    price: PricesToday = None,
    stock: StockToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    as_json: AsJson = False,
) -> None:
    """The cheapest recipe that chooses among the yard's open lots, by supplier and analysis."""
    with reporting_errors():
        options = RecipeOptions(confidence=confidence, max_materials=max_materials)
        application, asked = stated_order(plant, grade, (maximum, minimum), (price, stock), options)
        found = application.lot_recipe(asked)
        if as_json:
            print_json(found)
        else:
            render.recipe(found)
