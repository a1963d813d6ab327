"""`chargewise watch`: what the newest heats say of bays and suppliers."""

from typing import Annotated

import typer

from chargewise.app.findings import drift_of
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, reporting_errors


def watch(
    plant: PlantName,
    newest: Annotated[int, typer.Option(min=1, help="How many of the newest heats.")] = 100,
    probability: Annotated[float, typer.Option(help="From which a wrongly booked scrap is told.")] = 0.5,
    as_json: AsJson = False,
) -> None:
    """Bays that held another scrap than booked, suppliers who deliver something else, and levels that moved."""
    with reporting_errors():
        place = Workplace()
        model, version = place.registry.active(plant)
        found = drift_of(plant, version.version, model, place.heats(plant)[0], newest, probability)
        if as_json:
            print_json(found.model_dump(mode="json"))
            return
        told = False
        for one in found.alarms:
            told = True
            out.print(f"{one['heat_id']}: {one['output']} left its level by {one['shift_sd']:+.1f} standard deviations")
        for one in found.moved_inputs:
            told = True
            out.print(f"{one['heat_id']}: {one['output']} moved by {one['shift_sd']:+.1f} standard deviations")
        for one in (*found.wrongly_booked, *found.changed_deliveries):
            told = True
            out.print(f"{one['heat_id']}: ", end="")
            out.print(one["in_words"], markup=False)
        if not told:
            out.print(f"The newest {found.heats} heats are as they were booked and delivered, as far as "
                      f"{found.model_version} knows.")  # fmt: skip
