"""The journal as a file for others' tools: all of it a line each, or a table of the main figures."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from chargewise.app.records import RecipeStory, Records
from steel.errors import InputError
from steel.texts import plain_cell
from steel.whole_files import write_whole

AT_A_TIME = 200
COLUMNS = (
    "recipe_id", "made_at", "plant", "grade", "order_t", "model_version", "asked_by", "cost_eur_per_t",
    "optimality_gap", "decision", "decided_by", "reason", "heat_id",
)  # fmt: skip


def export_recipes(records: Records, plant: str, file: Path) -> int:
    """Write a plant's recipes to a file, the newest first; returns how many.

    Args:
        records: the journal.
        plant: whose.
        file: `.jsonl` for all that is known, one recipe a line; `.csv` for a table.

    Raises:
        InputError: the file is called something else.
    """
    stories = _all(records, plant)
    if file.suffix == ".jsonl":
        lines = [story.model_dump_json() for story in stories]
        write_whole(file, "".join(f"{line}\n" for line in lines).encode())
        return len(lines)
    if file.suffix != ".csv":
        raise InputError(str(file), "file", "a name that ends in .jsonl or .csv")
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    count = 0
    for story in stories:
        table.writerow([plain_cell(cell) for cell in _row(story)])
        count += 1
    # Excel takes a CSV for UTF-8 only where it begins with this mark.
    write_whole(file, text.getvalue().encode("utf-8-sig"))
    return count


def _all(records: Records, plant: str) -> Iterator[RecipeStory]:
    before = None
    while some := records.stories(plant, AT_A_TIME, before):
        yield from some
        before = (some[-1].recipe.made_at, some[-1].recipe.recipe_id)


def _row(story: RecipeStory) -> tuple[object, ...]:
    recipe = story.recipe
    last = story.decisions[-1] if story.decisions else None
    return (
        recipe.recipe_id, recipe.made_at, recipe.plant, recipe.grade, recipe.order_t, recipe.model_version,
        story.asked_by, recipe.cost_eur_per_t, recipe.optimality_gap, last.verdict if last else "",
        last.decided_by if last else "", last.reason if last else "", story.heat_id or "",
    )  # fmt: skip
