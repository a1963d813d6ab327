"""Recipes, evaluations and reports as an engineer would read them."""

from rich.table import Table

from chargewise.app.application import ChargePrediction
from chargewise.commands.console.output import out
from plant_adapters.reading.quarantine import ColumnReading, IngestReport, Reason
from steel.figures import mass_words, share_words
from steel.recipes import ROUNDED_EUR_PER_T, AnalysisLine, FrontPoint, Recipe, UnusedMaterial
from surrogate.judge.scores import OutputEvaluation, shown_r2
from surrogate.model.schema import ENERGY

_SHORT_NAMES = {"hist_gradient_boosting": "HGB"}

SAME_T = 0.005


def short_name(baseline: str) -> str:
    """A baseline's name as a table's heading."""
    return _SHORT_NAMES.get(baseline, baseline.replace("_", " "))


def recipe(found: Recipe) -> None:
    """Print a recipe: what to load, what comes of it, what it costs and why."""
    heat = "" if abs(found.tapped_t - found.order_t) < SAME_T else f", best made as {found.tapped_t:.2f} t"
    out.print(
        f"\n[bold]Recipe for {found.order_t:g} t of {found.grade}[/]{heat}, each limit held with "
        f"{100 * found.confidence:g} % confidence, {share_words(found.optimality_gap)} in {found.solve_ms:.0f} ms"
    )
    _lines(found)
    _baskets(found)
    _analysis(found)
    _figures(found)
    _comparisons(found)
    _bindings(found)
    for note in found.notes:
        out.print(f"[yellow]![/] {note}")


def _lines(found: Recipe) -> None:
    baskets = max((len(line.baskets_t) for line in found.lines), default=0)
    table = Table(title="Load", title_justify="left", title_style="bold")
    table.add_column("material")
    for name in ("t", "€/t", *(f"basket {i + 1}, t" for i in range(baskets))):
        table.add_column(name, justify="right")
    if not baskets:
        table.add_column("")
    stage = "furnace"
    for line in found.lines:
        if line.stage != stage:
            table.add_section()
            stage = line.stage
        loads = [basket_words(mass) for mass in line.baskets_t] or ["at tapping" if baskets else line.title]
        table.add_row(line.material, mass_words(line.mass_t), f"{line.price_eur_per_t:.0f}", *loads)
    out.print(table)


def _baskets(found: Recipe) -> None:
    """How each basket is loaded; once where all are loaded alike."""
    alike = len({tuple((layer.material, round(layer.mass_t, 2)) for layer in b.layers) for b in found.baskets}) == 1
    for number, basket in enumerate(found.baskets[:1] if alike else found.baskets, start=1):
        name = "Each basket" if alike else f"Basket {number}"
        layers = ", ".join(f"{layer.material} {basket_words(layer.mass_t)}" for layer in basket.layers)
        out.print(f"{name}, {basket.mass_t:.1f} t in {basket.volume_m3:.0f} m³, from the bottom: {layers}")


def basket_words(mass_t: float) -> str:
    """A mass in a basket, to 10 kg where it is heavy."""
    return f"{mass_t:.2f}" if mass_t >= 1.0 else mass_words(mass_t)


def _asked(line: AnalysisLine) -> str:
    low, high = line.minimum_wt_pct, line.maximum_wt_pct
    if low is not None and high is not None:
        limits = f"{low:g} to {high:g}"
    elif high is not None:
        limits = f"≤ {high:g}"
    else:
        limits = f"≥ {low:g}" if low is not None else ""
    aim = "" if line.aim_wt_pct is None else f"aim {line.aim_wt_pct:g}"
    return ", ".join(part for part in (limits, aim) if part)


def _analysis(found: Recipe) -> None:
    table = Table(title="Final analysis, wt%", title_justify="left", title_style="bold")
    table.add_column("")
    for name in ("grade", "predicted", "90 % interval", "held with"):
        table.add_column(name, justify="right")
    for line in found.analysis:
        limited = line.minimum_wt_pct is not None or line.maximum_wt_pct is not None
        table.add_row(
            line.element.value,
            _asked(line),
            f"{line.predicted.mean:.4f}",
            f"{line.predicted.low:.4f} to {line.predicted.high:.4f}",
            f"{100 * line.met_with:.1f} %" if limited else "",
            style=None if limited else "dim",
        )
    out.print(table)


def _figures(found: Recipe) -> None:
    costs, gas, energy = found.costs_eur_per_t, found.emissions_kgco2e_per_t, found.energy_kwh_per_t
    out.print(
        f"Yield [bold]{100 * found.metallic_yield:.1f} %[/] · electricity [bold]{energy.mean:.0f} kWh/t[/] "
        f"({energy.low:.0f} to {energy.high:.0f}) · emissions [bold]{gas.total:.0f} kgCO2e/t[/] "
        f"(scope 1 {gas.scope1:.0f}, 2 {gas.scope2:.0f}, 3 {gas.scope3:.0f})"
    )
    out.print(
        f"Cost [bold]{costs.total:.2f} €/t[/]: charge {costs.charge:.2f}, additions {costs.additions:.2f}, "
        f"electricity {costs.electricity:.2f}, carbon {costs.carbon:.2f}, gases and electrodes {costs.process:.2f}"
    )
    if found.slag is not None:
        slag = found.slag
        out.print(
            f"Slag [bold]{slag.kg_per_t:.0f} kg/t[/]: basicity [bold]{slag.basicity:.2f}[/], "
            f"MgO {slag.mgo_wt_pct:.1f} wt%"
        )
    if found.bath is not None:
        bath = found.bath
        out.print(
            f"Carbon charged [bold]{bath.carbon_wt_pct:.2f} wt%[/] of the steel, "
            f"oxygen [bold]{bath.oxygen_nm3_per_t:.1f} Nm³/t[/] to burn what the charge brings"
        )


def _comparisons(found: Recipe) -> None:
    if not found.comparisons:
        return
    table = Table(title="Against other ways of making it, today's prices", title_justify="left", title_style="bold")
    table.add_column("")
    for name in ("€/t", "recipe saves, €/t", "kgCO2e/t", "least certain limit"):
        table.add_column(name, justify="right")
    for other in found.comparisons:
        weakest = f"{other.weakest.value} {100 * other.met_with:.1f} %" if other.weakest else ""
        table.add_row(
            other.name,
            f"{other.cost_eur_per_t:.2f}",
            f"{other.cost_eur_per_t - found.costs_eur_per_t.total:+.2f}",
            f"{other.emissions_kgco2e_per_t:.0f}",
            weakest,
            style="red" if other.met_with < 0.9 * found.confidence else None,
        )
    out.print(table)
    for other in found.comparisons:
        if other.met_with < 0.9 * found.confidence and other.weakest:
            out.print(
                f"  {other.name}: would miss {other.weakest.value} in {100 * (1 - other.met_with):.0f} % of heats"
            )


def _bindings(found: Recipe) -> None:
    table = Table(title="Active constraints, and what easing them saves", title_justify="left", title_style="bold")
    table.add_column("requirement")
    table.add_column("from")
    table.add_column("eased by", justify="right")
    table.add_column("saves, €/t", justify="right")
    for binding in found.bindings:
        table.add_row(binding.requirement, binding.source, binding.step, f"{binding.worth_eur_per_t:.2f}")
    out.print(table)
    near = [line for line in found.unused if line.enters_at_eur_per_t > 0][:4]
    if near:
        parts = [f"{u.material} at {u.enters_at_eur_per_t:.0f} ({_now(u)})" for u in near]
        out.print("Would enter the recipe, €/t: " + ", ".join(parts))


def _now(unused: UnusedMaterial) -> str:
    """Its price, and that it is not this that keeps it out, where it is not."""
    pays = unused.enters_at_eur_per_t > unused.price_eur_per_t + ROUNDED_EUR_PER_T
    return f"now {unused.price_eur_per_t:.0f}" + ("; stock or a rule keeps it out" if pays else "")


def front(found: tuple[FrontPoint, ...], title: str) -> None:
    """Print recipes by their objectives."""
    table = Table(title=title, title_justify="left")
    for name in found[0].objectives:
        table.add_column(name.replace("_", " ").replace(" per ", "/"), justify="right")
    table.add_column("materials, t")
    for point in found:
        heaviest = sorted(point.masses_t.items(), key=lambda pair: -pair[1])[:5]
        masses = ", ".join(f"{name} {mass:.3g}" for name, mass in heaviest)
        table.add_row(*(f"{value:.4g}" for value in point.objectives.values()), masses)
    out.print(table)


def evaluation(rows: list[OutputEvaluation], title: str) -> None:
    """Print errors on held-back heats beside the baselines'."""
    names = list(rows[0].baselines) if rows else []
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("output")
    table.add_column("heats", justify="right")
    headings = ["ours", *(short_name(name) for name in names)]
    for heading in (
        *(f"MAE\n{name}" for name in headings),
        *(f"R²\n{name}" for name in headings),
        "90 % interval\ncovers",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        scores = [row.surrogate, *(row.baselines[name] for name in names)]
        digits = 2 if row.output == ENERGY else 5
        table.add_row(
            "kWh/t" if row.output == ENERGY else f"{row.output} wt%",
            str(row.heats),
            *(f"{score.mae:.{digits}f}" for score in scores),
            *(shown_r2(score) for score in scores),
            f"{100 * row.coverage_90:.1f} %",
        )
    out.print(table)


def ingest_report(report: IngestReport, examples: int = 3) -> None:
    """Print how columns were read, and what was set aside, with the first cases of each reason."""
    _readings(report)
    out.print(
        f"{report.source}: {report.rows_read} rows read, [bold]{report.rows_valid} valid[/], "
        f"{report.rows_quarantined} in quarantine, {len(report.cells)} cells left out of heats that are used, "
        f"{report.below_detection} below a limit of detection, {len(report.corrections)} negative bookings kept as "
        "corrections"
    )
    for reason, count in report.by_reason().items():
        out.print(f"  [yellow]{reason.value}[/]: {count} row{'' if count == 1 else 's'}")
        cases = [r for r in report.rejections if r.reason is reason]
        shown = len(cases) if reason in (Reason.NEGATIVE_WEIGHT, Reason.ABSURD_WEIGHT) else examples
        for case in cases[:shown]:
            out.print(f"    {case}", markup=False)
    if report.joined_rows:
        out.print(f"  {report.joined_rows} rows of further tables joined to the heats, {len(report.strays)} to none")
    for stray in report.strays[:examples]:
        out.print(f"    {stray}", markup=False)


def _readings(report: IngestReport) -> None:
    """How dates, decimal signs and units were read; columns read alike share two examples."""
    if report.header_row > 1:
        out.print(f"  header in line {report.header_row}")
    alike: dict[str, list[ColumnReading]] = {}
    for reading in report.readings:
        alike.setdefault(reading.how, []).append(reading)
    for how, readings in alike.items():
        names = ", ".join(reading.column for reading in readings[:6]) + (", …" if len(readings) > 6 else "")
        shown = [f"{text} → {read}" for reading in readings for text, read in reading.examples][:2]
        out.print(f"  {names}: {how}{': ' if shown else ''}{'; '.join(shown)}", markup=False)
    if report.left_over:
        out.print(f"  not read: {', '.join(report.left_over)}", markup=False)
    for case in report.cells[:5]:
        out.print(f"  left out: {case}", markup=False)
    if len(report.cells) > 5:
        out.print(f"  left out: {len(report.cells) - 5} cells more, with their reasons in --json")


def prediction(found: ChargePrediction) -> None:
    """Print what a charge will give."""
    table = Table(title=f"{found.plant} {found.model_version}: {found.tapped_t:.1f} t tapped", title_justify="left")
    table.add_column("")
    table.add_column("predicted", justify="right")
    table.add_column("90 % interval", justify="right")
    for element, value in found.analysis_wt_pct.items():
        table.add_row(f"{element.value} wt%", f"{value.mean:.4f}", f"{value.low:.4f} to {value.high:.4f}")
    energy = found.energy_kwh_per_t
    table.add_row("kWh/t", f"{energy.mean:.1f}", f"{energy.low:.1f} to {energy.high:.1f}")
    out.print(table)
