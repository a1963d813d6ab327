"""A plant as far as its record shows it, for plants that have no plant file yet."""

import numpy as np

from plant_adapters.mapping.entries import BASKETS
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.sources.protocol import HeatBatch
from steel import catalogue
from steel.errors import InputError
from steel.plants import Furnace, Plant, YardItem

USUAL_MOST = 0.95
"""A recipe keeps within what this share of the heats that used a material used of it."""


def plant_from_record(mapping: Mapping, batch: HeatBatch) -> Plant:
    """The plant a record implies: usual process inputs, materials at price 0 within their usual masses.

    Raises:
        InputError: neither record nor mapping tells the tapped mass, or no heat was valid.
    """
    log = batch.log
    if not len(log):
        raise InputError(batch.report.rows_read, f"heats of {batch.report.source}", "at least one valid heat")
    weighed = log.tapped_t[np.isfinite(log.tapped_t)]
    tapped = float(np.median(weighed)) if len(weighed) else mapping.nominal_tapped_t
    if tapped is None:
        raise InputError(None, f"mapping {mapping.name}", "a tapped column or nominal_tapped_t")
    yard = []
    for material in batch.materials:
        charged = log.charged_t[:, log.materials.index(material.name)]
        used = charged[charged > 0]
        most = float(np.quantile(used, USUAL_MOST)) if len(used) else 0.0
        fixed = material.name == BASKETS
        yard.append(
            YardItem(
                material=material, price_eur_per_t=0.0, min_t=tapped if fixed else 0.0, max_t=tapped if fixed else most
            )
        )
    return Plant(
        name=mapping.name,
        title=mapping.title,
        furnace=Furnace(
            tap_weight_t=tapped,
            heel_t=float(np.median(log.heel_t)),
            process={name: float(np.nanmedian(values)) for name, values in log.process.items()},
        ),
        yard=tuple(yard),
        emission_factors=catalogue.emission_factors(),
        notes=mapping.unknowable,
    )
