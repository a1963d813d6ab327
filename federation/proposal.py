"""When a plant asks for a round: it has no model yet, or its newest heats say that the one it has no longer holds."""

import numpy as np

from steel.heats import HeatLog
from surrogate.alarm import watch
from surrogate.registry import Registry


def proposal(registry: Registry, plant: str, log: HeatLog) -> str:
    """Why a plant wants a round, in words; empty where it wants none.

    Args:
        registry: with the plant's active model.
        plant: its name.
        log: all its heats, oldest first; those after the last one that the active model knows are looked at.
    """
    if plant not in registry.plants():
        return "it has no model yet"
    model, version = registry.active(plant)
    known = np.flatnonzero(log.heat_ids == str(version.manifest.data["last_heat"]))
    if not len(known) or known[-1] == len(log) - 1:
        return ""
    alarms = watch(model, log.rows(slice(int(known[-1]) + 1, None)))
    told = ", ".join(f"{alarm.output} since heat {alarm.heat_id}" for alarm in alarms)
    return f"its model {version.version} no longer holds: {told}" if told else ""
