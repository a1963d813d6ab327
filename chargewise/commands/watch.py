"""`chargewise watch`: what the newest heats say of bays and suppliers."""

from dataclasses import asdict
from typing import Annotated

import typer

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, reporting_errors


def watch(
    plant: PlantName,
    newest: Annotated[int, typer.Option(min=1, help="How many of the newest heats.")] = 100,
    probability: Annotated[float, typer.Option(help="From which a wrongly booked scrap is told.")] = 0.5,
    as_json: AsJson = False,
) -> None:
    """Bays that held another scrap than booked, and suppliers who deliver something else, by the newest heats."""
    with reporting_errors():
        from surrogate.judge.deliveries import changes  # noqa: PLC0415
        from surrogate.judge.misbooked import misbooked  # noqa: PLC0415
        from surrogate.judge.shared_lots import BEFORE_HEATS  # noqa: PLC0415

        place = Workplace()
        model, version = place.registry.active(plant)
        log, _ = place.heats(plant, newest + BEFORE_HEATS)
        judged = min(newest, len(log))
        wrong = misbooked(model, log, judged, probability)
        changed = changes(model, log.rows(slice(-judged, None)))
        if as_json:
            print_json({
                "model_version": version.version,
                "heats": judged,
                "wrongly_booked": [asdict(one) for one in wrong],
                "changed_deliveries": [{"heat_id": heat, **asdict(one)} for heat, one in changed],
            })  # fmt: skip
            return
        for one in wrong:
            out.print(f"{one.heat_id}: ", end="")
            out.print(one.in_words(), markup=False)
        for heat, change in changed:
            out.print(f"{heat}: ", end="")
            out.print(change.in_words(), markup=False)
        if not wrong and not changed:
            out.print(
                f"The newest {judged} heats are as they were booked and delivered, as far as {version.version} knows."
            )
