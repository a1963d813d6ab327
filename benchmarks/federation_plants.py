"""Eight virtual plants with different yards in one world, one with few heats and one with none yet."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from flwr.clientapp import ClientApp

from federation.ledger.ledger import Ledger
from federation.ledger.quorum import Round
from federation.modules.in_process import InProcessGrid
from federation.remainder.client import add_handlers
from federation.remainder.remainder import USUAL
from federation.remainder.rounds import learn_remainder
from federation.sums.contract import Contract
from federation.sums.hierarchy import Pieces, Shared
from federation.sums.participant import Participant
from scenarios.bundled import names, virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel import catalogue
from steel.heats import HeatLog, together
from steel.materials import Material, MaterialKind

HEATS = (800, 600, 500, 400, 300, 200, 60, 0)
LATER = 600
POOR, COLD = 6, 7
ANSWER_S = 60.0


@dataclass(frozen=True)
class Site:
    """One plant of the benchmark.

    Attributes:
        virtual: with its truth.
        log: its heats; empty at the plant that has none.
        later: what it is judged on.
    """

    virtual: VirtualPlant
    log: HeatLog
    later: HeatLog

    @property
    def name(self) -> str:
        """Its name."""
        return self.virtual.plant.name

    @property
    def materials(self) -> tuple[Material, ...]:
        """Its furnace materials."""
        return self.virtual.materials

    @property
    def participant(self) -> Participant:
        """What it is in a federation."""
        return Participant(self.name, self.log, self.materials)


def sites() -> list[Site]:
    """The eight; each is a bundled plant under another name, so with supplies of its own, without one of its scraps."""
    found = []
    for number, heats in enumerate(HEATS):
        base = virtual_plant(names()[number % len(names())])
        scrap = [item for item in base.plant.yard if item.material.kind is MaterialKind.SCRAP and item.min_t == 0]
        left_out = scrap[number % 3]
        plant = base.plant.model_copy(
            update={
                "name": f"{base.plant.name}-{number}",
                "yard": tuple(item for item in base.plant.yard if item is not left_out),
            }
        )
        virtual = replace(base, plant=plant, seed=base.seed + 100 * (number + 1))
        log = virtual.history(heats + LATER)
        found.append(Site(virtual, log.rows(slice(0, heats)), log.rows(slice(heats, None))))
    return found


def by_class(log: HeatLog, materials: tuple[Material, ...]) -> HeatLog:
    """A log whose columns are the catalogue's classes, so that plants can be laid on one heap."""
    of = {material.name: material.material_class for material in materials}
    classes = tuple(sorted({of[name] for name in log.materials}))
    charged = np.zeros((len(log), len(classes)))
    for column, name in enumerate(log.materials):
        charged[:, classes.index(of[name])] += log.charged_t[:, column]
    return replace(log, materials=classes, charged_t=charged)


def heap(logs: list[HeatLog]) -> HeatLog:
    """All heats of plants in one log."""
    classes = tuple(sorted({name for log in logs for name in log.materials}))
    elements = tuple(e for e in logs[0].elements if all(e in log.elements for log in logs))
    process = [name for name in logs[0].process if all(name in log.process for log in logs)]

    def aligned(log: HeatLog) -> HeatLog:
        recorded = {name: log.process[name] for name in process}
        same = replace(log.with_elements(elements), process=recorded)
        return replace(same, materials=classes, charged_t=log.charged_in(classes))

    return together([aligned(log) for log in logs])


def class_materials(log: HeatLog) -> tuple[Material, ...]:
    """The catalogue's material of every class column."""
    return tuple(catalogue.material(name) for name in log.materials)


def learned_together(every: list[Site], contract: Contract, shared: Shared) -> Pieces:
    """The convex remainder of some plants by federated averaging, all of them in this process."""
    logging.getLogger("flwr").setLevel(logging.ERROR)
    participants = {site.name: site.participant for site in every}
    app = ClientApp()
    add_handlers(app, lambda context: participants[str(context.node_config["plant"])])
    grid = InProcessGrid(app, [{"plant": name} for name in participants])
    with TemporaryDirectory() as folder:
        round_ = Round(grid, ANSWER_S, len(every), Ledger(Path(folder) / "ledger.jsonl"))
        return learn_remainder(grid, round_, list(grid.get_node_ids()), contract, shared, USUAL)
