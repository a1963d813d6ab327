"""What a plant of 60 heats can be told from: its own sums in plain, and the total of three plants where masked.

The coordinator knows every prior and variance, so from the yields' sums in plain it has `Σ x xᵀ` of the charges by
class exactly, each charge as shares of the catalogue's tapped mass. That gives the number of heats, the mean charge
and, of any charge it has an idea of, whether it can be among them. Masked, it has the same of all plants together.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.report import Results
from federation.sums.contract import Contract, agree
from federation.sums.hierarchy import priors_for
from federation.sums.participant import Participant
from federation.sums.screening import Sums, total
from federation.sums.shares import SHARES
from scenarios.bundled import names, virtual_plant
from steel.heats import FloatArray, HeatLog
from surrogate.fit.yields import TAPPED_NOISE, YIELD
from surrogate.model.linear import Statistics

HEATS = {"eastport": 60, "northmill": 200, "riverside": 200}
TRIED_FROM = 200
"""Later heats of the same plant, from this one on, that are no members."""
SHARE = SHARES[-1]
"""The share under which least is a furnace's own: its sums hide least."""


@dataclass(frozen=True)
class Seen:
    """What is reconstructed from sums.

    Attributes:
        heats: how many.
        mean: (d,) the mean charge by class, as shares, and process inputs.
        whole: (d, d) Σ x xᵀ.
    """

    heats: float
    mean: FloatArray
    whole: FloatArray


def measure_privacy(results: Results) -> None:
    """Errors of what is reconstructed, and how well members are told from other heats of the same plant."""
    plants, logs = {}, {}
    for name in names():
        virtual = virtual_plant(name)
        logs[name] = virtual.history(TRIED_FROM + HEATS[name])
        plants[name] = Participant(name, logs[name].rows(slice(0, HEATS[name])), virtual.materials)
    contract = agree([plant.offer() for plant in plants.values()])
    each = {name: plant.ballot(contract)[SHARE] for name, plant in plants.items()}
    home = plants["eastport"]
    members = _charges(contract, home, home.log)
    strangers = _charges(contract, home, logs["eastport"].rows(slice(TRIED_FROM, None)))
    for how, sums in (("plain", each["eastport"]), ("masked", total(each.values()))):
        seen = reconstructed(contract, sums)
        results[f"privacy_{how}_heats_error"] = abs(seen.heats - len(home.log)) / len(home.log)
        results[f"privacy_{how}_mean_charge_error"] = float(
            np.linalg.norm(seen.mean - members.mean(axis=0)) / np.linalg.norm(members.mean(axis=0))
        )
        results[f"privacy_{how}_membership_auc"] = auc(_fits(seen, members), _fits(seen, strangers))


def reconstructed(contract: Contract, sums: Sums) -> Seen:
    """What sums of yields tell of charges."""
    schema = contract.class_schema()
    deviation = priors_for(contract.model_copy(update={"own_share": {YIELD: SHARE}}), schema)[YIELD].local_covariance
    whole = _undone(sums[YIELD], deviation) * TAPPED_NOISE**2
    ones = np.concatenate([schema.metallic, np.zeros(len(schema.process))])
    heats = float(ones @ whole @ ones)
    return Seen(heats, whole @ ones / heats, whole)


def auc(members: FloatArray, others: FloatArray) -> float:
    """Probability that a member scores higher than another heat."""
    above = (members[:, None] > others[None, :]).mean()
    return float(above + 0.5 * (members[:, None] == others[None, :]).mean())


def _undone(one: Statistics, deviation: FloatArray) -> FloatArray:
    """J out of (I + J D)⁻¹ J: what integrating a plant's own deviations out hid."""
    width = len(deviation)
    return np.asarray(one.information @ np.linalg.pinv(np.eye(width) - deviation @ one.information))


def _fits(seen: Seen, charges: FloatArray) -> FloatArray:
    """How easily charges can be among those summed: minus their leverage, which no member's exceeds one."""
    return -np.asarray(np.einsum("nd,de,ne->n", charges, np.linalg.pinv(seen.whole, rcond=1e-9), charges))


def _charges(contract: Contract, plant: Participant, log: HeatLog) -> FloatArray:
    """(N, d) charges by class and process inputs, each as the yields' sums have it."""
    schema = contract.schema_for(plant.materials)
    charged = schema.charged(log)
    catalogue_t = charged @ schema.metallic
    by_class = np.zeros((len(log), len(contract.classes)))
    for column, material in enumerate(plant.materials):
        by_class[:, contract.classes.index(material.material_class)] += charged[:, column]
    features = np.hstack([by_class, catalogue_t[:, None] * schema.standardised(log)])
    return np.asarray(features / catalogue_t[:, None])
