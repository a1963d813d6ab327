"""What a plant does in a federation: everything here runs at the plant, and only sums come out."""

from dataclasses import dataclass, replace

import numpy as np

from federation.contract import Contract, Offer, make_offer
from federation.hierarchy import (
    Membership,
    Pieces,
    Shared,
    class_statistics,
    informed_priors,
    own_pieces,
    priors_for,
)  # fmt: skip
from federation.screening import Sums
from federation.shares import SHARES, Ballot, under
from federation.tuning import (
    FEWEST_STRETCHES,
    FULL,
    STRETCH,
    TUNINGS,
    VALIDATED,
    Tuning,
    surely_better,
    tuned_priors,
)  # fmt: skip
from steel.elements import Element
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.evaluation import recorded
from surrogate.fit import fit, output_statistics, prior_outputs
from surrogate.heat_data import prepare
from surrogate.inputs import InputLevels, input_names
from surrogate.linear import Posterior
from surrogate.model import Output, Surrogate
from surrogate.remainder import FitOptions
from surrogate.schema import Schema
from surrogate.scores import score
from surrogate.yields import YIELD, yield_statistics

LEARN_FRACTION = 0.7
"""A plant contributes and learns from its first heats and judges on the rest, in order."""


@dataclass(frozen=True)
class Participant:
    """A plant with its heats.

    Attributes:
        plant: its name in the federation.
        log: all its heats, oldest first.
        materials: its furnace materials.
    """

    plant: str
    log: HeatLog
    materials: tuple[Material, ...]

    def offer(self) -> Offer:
        """What the plant brings, from the heats it contributes."""
        return make_offer(self.plant, self._learning(), self.materials)

    def ballot(self, contract: Contract) -> Ballot:
        """The plant's sums in the classes' columns, under each share that what a furnace does may have for its own.

        Its own deviations are integrated out.
        """
        own = self._sums(contract)
        return {share: self._in_classes(under(contract, share), own) for share in SHARES}

    def _sums(self, contract: Contract) -> Sums:
        log, schema = self.learning_under(contract), contract.schema_for(self.materials)
        local = self._local(contract, log, schema)
        own = output_statistics(local.outputs, prepare(local, log), local.lot_t)
        return {YIELD: yield_statistics(schema, log), **own}

    def _in_classes(self, contract: Contract, own: Sums) -> Sums:
        schema, classes = contract.schema_for(self.materials), contract.class_schema()
        priors = priors_for(contract, schema)
        return {
            name: class_statistics(one, priors[name], Membership.of(schema, classes, with_one=name != YIELD))
            for name, one in own.items()
        }

    def tuning(self, contract: Contract, shared: Shared, pieces: Pieces | None = None) -> Tuning:
        """How the shared model is best tuned, by the newest of the heats it learns from; in full where they are few."""
        early, late = self.learning_under(contract).split(1.0 - VALIDATED)
        if len(late) < FEWEST_STRETCHES * STRETCH:
            return FULL
        outputs = contract.schema_for(self.materials).outputs
        seen = np.column_stack([*(recorded(late, name) for name in outputs), late.tapped_t])
        errors = {}
        for way in TUNINGS:
            found = self.tuned_model(contract, shared, early, pieces, way, FitOptions(remainders=())).predict(late)
            told = np.column_stack([*(found.mean[name] for name in outputs), found.tapped_t])
            errors[way.name] = np.abs(told - seen)
        return surely_better(errors)

    def compare(
        self, contract: Contract, shared: Shared, pieces: Pieces | None = None, way: Tuning = FULL
    ) -> dict[str, dict[str, float]]:
        """Mean absolute error on the plant's later heats, by output, of its own, the shared and the tuned model."""
        learning, judging = self._under(contract, self.log).split(LEARN_FRACTION)
        schema = contract.schema_for(self.materials)
        models = {
            "local": self._local(contract, learning, schema, FitOptions()),
            "global": self.shared_model(contract, shared, learning, pieces),
            "tuned": self.tuned_model(contract, shared, learning, pieces, way),
        }
        predictions = {name: model.predict(judging) for name, model in models.items()}
        return {
            output: {
                name: score(recorded(judging, output), found.mean[output]).mae for name, found in predictions.items()
            }
            for output in schema.outputs
            if np.isfinite(recorded(judging, output)).any()
        }

    def tuned_model(
        self,
        contract: Contract,
        shared: Shared,
        log: HeatLog,
        pieces: Pieces | None = None,
        way: Tuning = FULL,
        options: FitOptions | None = None,
    ) -> Surrogate:
        """The shared model shrunk towards, and moved by, the plant's own heats.

        Args:
            contract: what it holds under.
            shared: the classes.
            log: the plant's heats.
            pieces: the shared convex remainder, where there is one.
            way: how far what may move.
            options: what to fit.
        """
        schema = contract.schema_for(self.materials)
        priors, given = tuned_priors(contract, schema, shared, way), own_pieces(contract, schema, pieces)
        return fit(log, self.materials, options, priors=priors, schema=schema, given=given)

    def first_model(self, contract: Contract, shared: Shared | None, pieces: Pieces | None = None) -> Surrogate:
        """What a plant without heats of its own can be given: the shared classes, or else the catalogue."""
        schema = contract.schema_for(self.materials)
        priors = priors_for(contract, schema) if shared is None else informed_priors(contract, schema, shared)
        typical = np.array([contract.typical[name] for name in schema.outputs])
        unknown = InputLevels(*(np.zeros(len(input_names(schema))) for _ in range(3)))
        outputs = prior_outputs(schema, typical, priors)
        for name, given in own_pieces(contract, schema, pieces).items():
            outputs[name] = replace(outputs[name], pieces=given)
        return Surrogate(schema, priors[YIELD].mean, outputs, unknown)

    def shared_model(self, contract: Contract, shared: Shared, log: HeatLog, pieces: Pieces | None = None) -> Surrogate:
        """The shared model as it comes, over the plant's materials; scatter and intervals from its own heats."""
        schema = contract.schema_for(self.materials)
        local = self._local(contract, log, schema)
        priors = informed_priors(contract, schema, shared)
        given, nothing = own_pieces(contract, schema, pieces), np.zeros((0, schema.width))

        def as_shared(name: str, output: Output) -> Output:
            linear = Posterior(priors[name].mean, priors[name].covariance)
            return replace(output, linear=linear, pieces=given.get(name, nothing))

        outputs = {name: as_shared(name, output) for name, output in local.outputs.items()}
        return Surrogate(schema, priors[YIELD].mean, outputs, local.levels)

    def learning_under(self, contract: Contract) -> HeatLog:
        """The heats it contributes and learns from, with what the contract analyses."""
        return self._under(contract, self._learning())

    def _learning(self) -> HeatLog:
        return self.log.split(LEARN_FRACTION)[0]

    def _under(self, contract: Contract, log: HeatLog) -> HeatLog:
        return log.with_elements(tuple(Element(symbol) for symbol in contract.elements))

    def _local(self, contract: Contract, log: HeatLog, schema: Schema, options: FitOptions | None = None) -> Surrogate:
        """The plant's own model with the catalogue's priors; linear unless options say otherwise."""
        return fit(
            log,
            self.materials,
            options or FitOptions(remainders=()),
            priors=priors_for(contract, schema),
            schema=schema,
        )
