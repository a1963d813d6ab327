"""When a plant asks for a round: it has no model to use, or its newest heats say that its model no longer holds."""

import numpy as np

from steel.errors import InputError
from steel.heats import HeatLog
from surrogate.judge.alarm import watch
from surrogate.store.registry import Registry
from surrogate.store.sealed import ArtifactError


def proposal(registry: Registry, plant: str, log: HeatLog) -> str:
    """Why a plant wants a round, in words that name no heat and no material; empty where it wants none.

    Args:
        registry: with the plant's active model.
        plant: its name.
        log: all its heats, oldest first; those after the last one that the active model knows are looked at.
    """
    if plant not in registry.plants():
        return "it has no model yet"
    try:
        model, version = registry.active(plant)
    except ArtifactError:
        return "its model cannot be used"
    known = np.flatnonzero(log.heat_ids == str(version.manifest.data["last_heat"]))
    if not len(known) or known[-1] == len(log) - 1:
        return ""
    newer = log.rows(slice(int(known[-1]) + 1, None))
    try:
        alarms = watch(model, newer)
    except InputError:
        return f"its model {version.version} does not know what its newest heats charge"
    drifted = ", ".join(sorted({alarm.output for alarm in alarms}))
    return f"its model {version.version} no longer holds: {drifted}" if drifted else ""
