"""The right half of the page: the recipe, why, how sure, and what it saves."""

from nicegui import ui

from api.pages.charts import CAREFUL_BELOW, analysis_chart
from optimizer.explain.conflicts import NOT_NARROWED, ImpossibleOrderError
from steel.figures import mass_words
from steel.recipes import ROUNDED_EUR_PER_T, Recipe

HIGHEST_BASKET_PX, LOWEST_LAYER_PX = 190.0, 19.0


def show_recipe(recipe: Recipe) -> None:
    """Draw a recipe into the current slot."""
    _figures(recipe)
    with ui.element("div").classes("cw-cards"):
        with ui.element("div").classes("cw-card").style("flex: 1 1 46%"):
            ui.label("Recipe").classes("cw-title")
            _table(recipe)
        with ui.element("div").classes("cw-card").style("flex: 1 1 54%"):
            ui.label("Final analysis, wt%, as a share of its limit").classes("cw-title")
            ui.echart(analysis_chart(recipe)).classes("w-full").style("height: 350px").mark("analysis-chart")
    with ui.element("div").classes("cw-cards"):
        with ui.element("div").classes("cw-card").style("flex: 1"):
            ui.label("Active constraints and what they cost").classes("cw-title")
            _bindings(recipe)
        with ui.element("div").classes("cw-card").style("flex: 1"):
            ui.label("Not used").classes("cw-title")
            _unused(recipe)
        with ui.element("div").classes("cw-card").style("flex: 1"):
            ui.label("Compared with").classes("cw-title")
            _comparisons(recipe)
    if recipe.baskets:
        with ui.element("div").classes("cw-card w-full"):
            ui.label("How each basket is loaded, from the bottom up").classes("cw-title")
            _baskets(recipe)
    for note in recipe.notes:
        ui.label(note).classes("cw-note")


def show_impossible(error: ImpossibleOrderError) -> None:
    """Draw why an order cannot be made."""
    with ui.element("div").classes("cw-card cw-problem w-full"):
        ui.label("No recipe meets all of these together").classes("text-lg")
        for conflict in error.conflicts:
            more = f", feasible with {conflict.relax_to}" if conflict.relax_to else ""
            ui.label(f"{conflict.requirement}{more}").classes("cw-conflict")
        if not error.narrowed:
            ui.label(f"{NOT_NARROWED}.").classes("cw-note")


def show_problem(message: str) -> None:
    """Draw an input error."""
    with ui.element("div").classes("cw-card cw-problem w-full"):
        ui.label(message)


def _figures(recipe: Recipe) -> None:
    costs, emissions = recipe.costs_eur_per_t, recipe.emissions_kgco2e_per_t
    weakest = min((line.met_with for line in recipe.analysis), default=1.0)
    saved = recipe.comparisons[0].cost_eur_per_t - costs.total if recipe.comparisons else None
    energy = recipe.energy_kwh_per_t
    parts = f"charge {costs.charge:.0f}, alloys {costs.additions:.0f}, electricity {costs.electricity:.0f}"
    scopes = f"scopes {emissions.scope1:.0f} / {emissions.scope2:.0f} / {emissions.scope3:.0f}"
    figures = [
        ("Cost", f"{costs.total:.2f}", "€/t", parts),
        ("Electricity", f"{energy.mean:.0f}", "kWh/t", f"{energy.low:.0f}–{energy.high:.0f} in 90 % of heats"),
        ("Emissions", f"{emissions.total:.0f}", "kgCO2e/t", scopes),
        ("Least certain limit", f"{100 * weakest:.1f}", "%", f"requested: {100 * recipe.confidence:.1f} % each"),
    ]
    if recipe.slag is not None:
        slag = recipe.slag
        more = f"{slag.kg_per_t:.0f} kg/t, MgO {slag.mgo_wt_pct:.1f} wt%"
        if recipe.bath is not None:
            more += f"; bath: C {recipe.bath.carbon_wt_pct:.2f} wt%, O2 {recipe.bath.oxygen_nm3_per_t:.0f} Nm³/t"
        figures.append(("Slag basicity", f"{slag.basicity:.2f}", "CaO/SiO2", more))
    elif recipe.bath is not None:
        more = f"O2 {recipe.bath.oxygen_nm3_per_t:.0f} Nm³/t to burn the charge"
        figures.append(("Carbon charged", f"{recipe.bath.carbon_wt_pct:.2f}", "wt%", more))
    if saved is not None:
        figures.append(("Saves", f"{saved:.2f}", "€/t", f"against {recipe.comparisons[0].name}"))
    with ui.element("div").classes("cw-cards"):
        for title, value, unit, more in figures:
            with (
                ui.element("div")
                .classes("cw-card cw-small")
                .style("flex: 1")
                .mark(f"figure-{title.split()[0].lower()}")
            ):
                ui.label(title).classes("cw-title")
                with ui.row().classes("items-baseline gap-1"):
                    ui.label(value).classes(
                        "cw-figure" + (" cw-saving" if title == "Saves" and (saved or 0.0) > 0.0 else "")
                    )
                    ui.label(unit).classes("cw-unit")
                ui.label(more).classes("cw-note")


def table_row(tag: str, values: list[str]) -> None:
    """Draw one row of a table; its tag says heading, th, or data, td."""
    with ui.element("tr"):
        for value in values:
            with ui.element(tag):
                ui.label(value)


def _table(recipe: Recipe) -> None:
    baskets = max((len(line.baskets_t) for line in recipe.lines), default=0)
    with ui.element("table").classes("cw-table").mark("recipe-table"):
        table_row("th", ["Material", "t", "€/t", *(f"B{i + 1}" for i in range(baskets))])
        for line in recipe.lines:
            loads = [_weighed(mass) for mass in line.baskets_t] or ["ladle"] + [""] * max(0, baskets - 1)
            table_row("td", [line.material, _weighed(line.mass_t), f"{line.price_eur_per_t:.0f}", *loads])
        total = sum(line.mass_t for line in recipe.lines)
        table_row(
            "td",
            [f"gives {recipe.tapped_t:.1f} t, yield {100 * recipe.metallic_yield:.1f} %", f"{total:.1f}", ""]
            + [""] * baskets,
        )


def _weighed(mass_t: float) -> str:
    """A mass as it is weighed: to 100 kg where it is heavy, with its three figures where it is not."""
    return f"{mass_t:.1f}" if mass_t >= 5 else f"{mass_t:.2f}" if mass_t >= 1 else mass_words(mass_t)


def _with_unit(mass_t: float) -> str:
    words = _weighed(mass_t)
    return words if words.endswith("kg") else f"{words} t"


def _baskets(recipe: Recipe) -> None:
    """Every basket as its layers, as high as their volume."""
    fullest = max(basket.volume_m3 for basket in recipe.baskets)
    with ui.row().classes("cw-cards w-full gap-6 items-end").mark("baskets"):
        for number, basket in enumerate(recipe.baskets, start=1):
            with ui.element("div").style("flex: 1"):
                for layer in reversed(basket.layers):
                    height = max(LOWEST_LAYER_PX, HIGHEST_BASKET_PX * layer.volume_m3 / fullest)
                    with ui.element("div").classes("cw-layer").style(f"height: {height:.0f}px"):
                        ui.label(layer.material)
                        ui.label(_with_unit(layer.mass_t))
                ui.label(f"Basket {number}: {basket.mass_t:.1f} t, {basket.volume_m3:.0f} m³").classes("cw-note")


def _bindings(recipe: Recipe) -> None:
    with ui.element("table").classes("cw-table").mark("bindings"):
        table_row("th", ["Constraint", "from", "eased by", "saves €/t"])
        for binding in recipe.bindings[:9]:
            table_row("td", [binding.requirement, binding.source, binding.step, f"{binding.worth_eur_per_t:.2f}"])


def _unused(recipe: Recipe) -> None:
    with ui.element("table").classes("cw-table"):
        table_row("th", ["Material", "€/t", "enters the recipe at, €/t"])
        for line in recipe.unused[:9]:
            table_row("td", [line.material, f"{line.price_eur_per_t:.0f}", f"{line.enters_at_eur_per_t:.0f}"])
    if any(line.enters_at_eur_per_t > line.price_eur_per_t + ROUNDED_EUR_PER_T for line in recipe.unused[:9]):
        ui.label("Above its price: it would pay, but stock or a rule keeps it out").classes("cw-note")


def _comparisons(recipe: Recipe) -> None:
    with ui.element("table").classes("cw-table"):
        table_row("th", ["", "€/t", "kgCO2e/t", "least certain"])
        weakest = min((line.met_with for line in recipe.analysis), default=1.0)
        own = recipe.emissions_kgco2e_per_t.total
        table_row("td", ["This recipe", f"{recipe.costs_eur_per_t.total:.2f}", f"{own:.0f}", f"{100 * weakest:.0f} %"])
        for other in recipe.comparisons:
            sure = f"{100 * other.met_with:.0f} %" + (f" ({other.weakest.value})" if other.weakest else "")
            table_row("td", [other.name, f"{other.cost_eur_per_t:.2f}", f"{other.emissions_kgco2e_per_t:.0f}", sure])
    risky = [other for other in recipe.comparisons if other.met_with < CAREFUL_BELOW * recipe.confidence]
    for other in risky:
        ui.label(f"{other.name}: would miss {other.weakest} in {100 * (1 - other.met_with):.0f} % of heats").classes(
            "cw-note cw-risk"
        )
