"""A recipe as files that a plant's own system can pick up."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

from steel.recipes import Recipe
from steel.texts import plain_cell
from steel.whole_files import write_whole

COLUMNS = ("stage", "material", "mass_t", "price_eur_per_t", "baskets_t", "grade", "heat")
MOST_ALIKE = 10_000


def write_recipe(recipe: Recipe, outbox: Path, heat: str | None = None) -> Path:
    """Write a CSV of materials and masses and the whole recipe as JSON; returns the CSV.

    Both appear complete or not at all, the CSV last, so that a watcher never reads half a recipe. No file is ever
    written over: a heat's next recipe gets a number.

    Args:
        recipe: to write.
        outbox: folder, made if it is not there.
        heat: its number; the time, UTC, stands for it where there is none.
    """
    outbox.mkdir(parents=True, exist_ok=True)
    named = heat or datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = _own(outbox, f"recipe-{_safe(named)}-{_safe(recipe.grade)}")
    write_whole(path.with_suffix(".json"), recipe.model_dump_json(indent=1).encode())
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in recipe.lines:
        baskets = " ".join(f"{mass:.6f}" for mass in line.baskets_t)
        row = [line.stage, line.material, f"{line.mass_t:.6f}", line.price_eur_per_t, baskets]
        writer.writerow([plain_cell(cell) for cell in (*row, recipe.grade, heat or "")])
    write_whole(path, text.getvalue().encode())
    return path


def _own(outbox: Path, stem: str) -> Path:
    """A CSV's path that is this call's alone."""
    for number in range(1, MOST_ALIKE):
        path = outbox / f"{stem}{'' if number == 1 else f'-{number}'}.csv"
        if path.exists():
            continue
        try:
            path.with_suffix(".json").open("x").close()
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{MOST_ALIKE} recipes called {stem} in {outbox}")


def _safe(name: str) -> str:
    """A name as part of a file's: what no file system takes becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"
