"""A recipe as files that a plant's own system can pick up."""

import csv
import os
from pathlib import Path

from steel.recipes import Recipe

COLUMNS = ("stage", "material", "mass_t", "price_eur_per_t", "baskets_t")


def write_recipe(recipe: Recipe, outbox: Path) -> Path:
    """Write a CSV of materials and masses and the whole recipe as JSON; returns the CSV.

    Both appear complete or not at all, the CSV last, so that a watcher never reads half a recipe.
    """
    outbox.mkdir(parents=True, exist_ok=True)
    path = outbox / f"recipe-{recipe.grade.replace(' ', '-')}.csv"
    whole = path.with_suffix(".json.part")
    whole.write_text(recipe.model_dump_json(indent=1), "utf-8")
    os.replace(whole, path.with_suffix(".json"))
    part = path.with_suffix(".csv.part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for line in recipe.lines:
            baskets = " ".join(f"{mass:.3f}" for mass in line.baskets_t)
            writer.writerow([line.stage, line.material, f"{line.mass_t:.3f}", line.price_eur_per_t, baskets])
    os.replace(part, path)
    return path
