"""What holds the cost up, what it is worth, and what would have to be cheaper to be used."""

from optimizer.problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.shadow import Shadow
from optimizer.solver import Solution
from steel.baskets import BasketRule
from steel.recipes import Binding, UnusedMaterial

WORTH_MENTIONING_EUR_PER_T = 0.005


def limit_step(limit: float) -> float:
    """A relaxation of a limit that people talk about, wt%."""
    return 0.01 if limit >= 0.1 else 0.001


def _mass_step(mass_t: float) -> float:
    """A relaxation of a mass that people talk about, t."""
    return 1.0 if mass_t >= 5.0 else 0.1


def most_words(problem: RecipeProblem, column: int, by_t: float = 0.0) -> str:
    """The most that may be used of a material, relaxed by so much, and whether stock or a rule says so."""
    item = problem.items[column]
    most = item.most_t or 0.0
    ruled = item.available_t is None or (item.max_t is not None and item.max_t < item.available_t)
    return f"{item.material.name}: {'most per heat' if ruled else 'stock'} {told_t(most + by_t)} t"


def least_words(problem: RecipeProblem, column: int, by_t: float = 0.0) -> str:
    """The least that must be used of a material, relaxed by so much."""
    return f"{problem.items[column].material.name}: at least {told_t(max(float(problem.least[column]) - by_t, 0.0))} t"


def told_t(mass_t: float) -> str:
    """A mass in t as people say it, with what matters of it."""
    return f"{mass_t:.4g}"


def basket_rule_words(rule: BasketRule, kind: str, mass_t: float) -> str:
    """One side of a basket rule with a value, as a person would write it."""
    where = f"basket {' and '.join(str(number) for number in rule.baskets)}" if rule.baskets else "every basket"
    return f"{rule.name}: at {'most' if kind == 'basket_most' else 'least'} {mass_t:.4g} t in {where}"


def bindings(problem: RecipeProblem, solution: Solution) -> tuple[Binding, ...]:
    """Every requirement with a price, dearest first."""
    shadow, final = solution.shadow, solution.final_t
    found = [*_limits(problem, shadow), *_stock(problem, shadow), *_others(problem, solution)]
    priced = [
        Binding(requirement=what, worth_eur_per_t=worth / final, step=step)
        for what, worth, step in found
        if worth / final > WORTH_MENTIONING_EUR_PER_T
    ]
    return tuple(sorted(priced, key=lambda binding: -binding.worth_eur_per_t))


def _limits(problem: RecipeProblem, shadow: Shadow) -> list[tuple[str, float, str]]:
    found = []
    for row in problem.rows:
        for kind, limit, sign in (("maximum", row.maximum, "+"), ("minimum", row.minimum, "-")):
            if limit is not None:
                step = limit_step(limit)
                symbol = "≤" if kind == "maximum" else "≥"
                worth = shadow.limits[kind, row.element.value] * step
                found.append((f"{row.element.value} {symbol} {limit:g} wt%", worth, f"{sign}{step:g} wt%"))
    return found


def _stock(problem: RecipeProblem, shadow: Shadow) -> list[tuple[str, float, str]]:
    found = []
    for column, item in enumerate(problem.items):
        if item.most_t is not None:
            step = _mass_step(item.most_t)
            found.append((most_words(problem, column), step * float(shadow.most[column]), f"+{step:g} t"))
        if problem.least[column] > 0:
            step = _mass_step(float(problem.least[column]))
            found.append((least_words(problem, column), step * float(shadow.least[column]), f"-{step:g} t"))
    return found


def _others(problem: RecipeProblem, solution: Solution) -> list[tuple[str, float, str]]:
    shadow = solution.shadow
    baskets, most_energy = problem.plant.furnace.baskets, problem.options.max_energy_kwh_per_t
    found = []
    charged_t = float(problem.counted @ solution.columns_t)
    for group in problem.plant.groups:
        # One point more of the charge is a hundredth of it.
        for kind, sign, share in (("group_most", "≤", group.max_share), ("group_least", "≥", group.min_share)):
            worth = shadow.rules.get((kind, group.name), 0.0) * charged_t / 100.0
            step = f"{'+' if kind == 'group_most' else '-'}1 % of the charge"
            found.append((f"{group.name} {sign} {100 * share:g} % of the charge", worth, step))
    for rule in problem.balance_rules:
        worth = shadow.balances[rule.name] * float(rule.whole @ solution.columns_t) * rule.step
        found.append((rule.at(rule.limit), worth, f"{'+' if rule.sense > 0 else '-'}{rule.step:g}{rule.unit}"))
    for basket_rule in baskets.rules if baskets else ():
        for kind, mass_t, sign in (("basket_most", basket_rule.max_t, "+"), ("basket_least", basket_rule.min_t, "-")):
            if mass_t is not None:
                by_t = _mass_step(mass_t)
                worth = by_t * shadow.rules.get((kind, basket_rule.name), 0.0)
                found.append((basket_rule_words(basket_rule, kind, mass_t), worth, f"{sign}{by_t:g} t"))
    if baskets is not None:
        volume, weight = baskets.count * baskets.volume_m3, baskets.count * baskets.max_t
        found.append((f"basket volume {volume:g} m³", shadow.other["basket_volume"], "+1 m³"))
        found.append((f"basket weight {weight:g} t", shadow.other["basket_weight"], "+1 t"))
    if most_energy is not None:
        per_kwh = shadow.other["energy_limit"] * float(problem.furnace_yields @ solution.columns_t)
        found.append((f"electricity ≤ {most_energy:g} kWh/t", per_kwh, "+1 kWh/t"))
    longest = problem.options.max_power_on_min
    if longest is not None:
        per_min = shadow.other["power_on"] * problem.kwh_per_min
        found.append((f"power on ≤ {longest:g} min", per_min, "+1 min"))
    return found


def unused(problem: RecipeProblem, solution: Solution) -> tuple[UnusedMaterial, ...]:
    """Materials left out, nearest to coming in first."""
    worth = solution.shadow.most - solution.shadow.reduced
    out = [
        UnusedMaterial(
            material=item.material.name,
            price_eur_per_t=item.price_eur_per_t,
            enters_at_eur_per_t=item.price_eur_per_t + float(worth[column]),
        )
        for column, item in enumerate(problem.items)
        if solution.columns_t[column] <= UNUSED_BELOW_T
    ]
    return tuple(sorted(out, key=lambda line: line.price_eur_per_t - line.enters_at_eur_per_t))


def notes(problem: RecipeProblem, solution: Solution) -> tuple[str, ...]:
    """What the reader must know: limits nobody can promise, masses no past heat has seen, plant remarks."""
    found = list(problem.plant.notes)
    for element in problem.unpredicted:
        found.append(f"{element.value} is asked for but the surrogate does not predict it; the recipe does not hold it")
    largest = problem.description.largest_share
    if largest is not None:
        charged = solution.columns_t[: problem.furnace_columns]
        for item, mass in zip(problem.items, charged, strict=False):
            share = float(mass / charged.sum())
            seen = float(largest[problem.description.names.index(item.material.name)])
            if share > 1.05 * seen + 0.005:
                used = f"{100 * share:.0f} % of the charge, past heats used at most {100 * seen:.0f} %"
                found.append(f"{item.material.name}: {used}")
    return tuple(found)
