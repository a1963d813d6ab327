"""What a plant does in a federation: everything here runs at the plant, and only sums come out."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from federation.sums.contract import Contract, Hello, Offer, make_hello, make_offer
from federation.sums.gate import ACTIVE, LOCAL, SHARED, TUNED, Trial
from federation.sums.hierarchy import (
    Membership,
    Pieces,
    Shared,
    class_statistics,
    combine,
    informed_priors,
    log_evidence,
    own_pieces,
    priors_for,
)  # fmt: skip
from federation.sums.screening import Sums
from federation.sums.shares import SHARES, Ballot, under, voted_sums, without
from federation.sums.tuning import (
    FULL,
    TUNINGS,
    VALIDATED,
    Tuning,
    surely_better,
    tuned_priors,
)  # fmt: skip
from steel.elements import Element
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit, output_statistics, prior_outputs
from surrogate.fit.heat_data import prepare, successive
from surrogate.fit.remainder import FitOptions
from surrogate.fit.yields import YIELD, yield_statistics
from surrogate.judge.recorded import recorded
from surrogate.judge.stretches import FEWEST_HEATS
from surrogate.model.inputs import InputLevels, input_names
from surrogate.model.linear import Posterior, Statistics
from surrogate.model.model import Output, Surrogate
from surrogate.model.priors import Prior, prior_of
from surrogate.model.schema import Schema

LEARN_FRACTION = 0.7
"""Where first heats teach and the rest judge, in order."""
ENOUGH_LATER = 200
"""Later heats that judge by themselves."""
BLOCKS = 4
"""Successive blocks of a shorter record, each foreseen from all others."""


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

    def hello(self) -> Hello:
        """Who the plant is, by name."""
        return make_hello(self.plant, self.log, self.materials)

    def offer(self) -> Offer:
        """What the plant brings."""
        return make_offer(self.plant, self.log, self.materials)

    def ballot(self, contract: Contract) -> Ballot:
        """The plant's sums in the classes' columns, under each share that what a furnace does may have for its own.

        Its own deviations are integrated out.
        """
        own = self._sums(contract)
        return {share: self._in_classes(under(contract, share), own) for share in SHARES}

    def _sums(self, contract: Contract) -> Sums:
        log, schema = self._under(contract, self.log), contract.schema_for(self.materials)
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

    def others(self, contract: Contract, every: Sums, mine: Ballot | None) -> Shared:
        """The classes as the other plants know them: what this plant gave is taken off, so that it counts once.

        Args:
            contract: with the shares that were voted.
            every: all plants' sums, added up.
            mine: this plant's ballot; None where it was put aside.
        """
        return combine(contract, every if mine is None else without(every, voted_sums(contract, mine)))

    def tuning(self, contract: Contract, shared: Shared, pieces: Pieces | None = None) -> Tuning:
        """How the shared model is best tuned, by the newest of the heats it learns from; in full where they are few."""
        early, late = self.learning_under(contract).split(1.0 - VALIDATED)
        if len(late) < FEWEST_HEATS:
            return FULL
        outputs = contract.schema_for(self.materials).outputs
        seen = np.column_stack([*(recorded(late, name) for name in outputs), late.tapped_t])
        errors = {}
        for way in TUNINGS:
            found = self.tuned_model(contract, shared, early, pieces, way, FitOptions(remainders=())).predict(late)
            predicted = np.column_stack([*(found.mean[name] for name in outputs), found.tapped_t])
            errors[way.name] = np.abs(predicted - seen)
        return surely_better(errors)

    def tuned_model(
        self,
        contract: Contract,
        shared: Shared,
        log: HeatLog,
        pieces: Pieces | None = None,
        way: Tuning = FULL,
        options: FitOptions | None = None,
        outputs: Collection[str] | None = None,
    ) -> Surrogate:
        """The shared model shrunk towards, and moved by, the plant's own heats.

        Args:
            contract: what it holds under.
            shared: the classes.
            log: the plant's heats.
            pieces: the shared convex remainder, where there is one.
            way: how far what may move.
            options: what to fit.
            outputs: that are the shared model's; others, and what only this plant analyses, are the plant's own.
                All of the contract's unless given.
        """
        schema = contract.schema_for(self.materials)
        priors, given = tuned_priors(contract, schema, shared, way), own_pieces(contract, schema, pieces)
        if outputs is not None:
            own = priors_for(contract, schema)
            priors = {name: prior if name in outputs else own[name] for name, prior in priors.items()}
            given = {name: of for name, of in given.items() if name in outputs}
            schema, more = self._with_own_elements(schema, log)
            priors |= more
        return fit(log, self.materials, options, priors=priors, schema=schema, given=given)

    def _with_own_elements(self, schema: Schema, log: HeatLog) -> tuple[Schema, dict[str, Prior]]:
        """A schema with what only this plant analyses, and the catalogue's priors of that."""
        more = tuple(element for element in log.elements if element not in schema.elements)
        wider = replace(schema, elements=(*schema.elements, *more))
        typical = {e: float(np.nanmedian(recorded(log, e.value))) for e in more}
        usual = {e: max(value, 1e-6) if np.isfinite(value) else 1.0 for e, value in typical.items()}
        return wider, {element.value: prior_of(element.value, wider, usual[element]) for element in more}

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

    def shared_model(
        self, contract: Contract, shared: Shared, local: Surrogate, pieces: Pieces | None = None
    ) -> Surrogate:
        """The shared model as it comes, over the plant's materials.

        Args:
            contract: what it holds under.
            shared: the classes.
            local: a model of the plant's own, whose scatter and intervals it has.
            pieces: the shared convex remainder, where there is one.
        """
        schema = contract.schema_for(self.materials)
        priors = informed_priors(contract, schema, shared)
        given, nothing = own_pieces(contract, schema, pieces), np.zeros((0, schema.width))

        def as_shared(name: str, output: Output) -> Output:
            linear = Posterior(priors[name].mean, priors[name].covariance)
            return replace(output, linear=linear, pieces=given.get(name, nothing))

        outputs = {name: as_shared(name, output) for name, output in local.outputs.items()}
        return Surrogate(schema, priors[YIELD].mean, outputs, local.levels)

    def trial(
        self,
        contract: Contract,
        others: Shared,
        pieces: Pieces | None = None,
        way: Tuning = FULL,
        active: tuple[Contract, Shared, Tuning] | None = None,
    ) -> Trial:
        """The plant's own, the shared and the tuned model on heats that none of them has seen.

        Successive blocks are foreseen from all other heats, since the other plants know none of them. A shared
        remainder was trained on the first heats, and a long record has newest ones enough: then those alone judge.

        Args:
            contract: what holds.
            others: the classes as the other plants know them.
            pieces: the shared convex remainder, where there is one.
            way: of tuning.
            active: contract, classes and way that the active model was made with, where a run made it.
        """
        log, schema = self._under(contract, self.log), contract.schema_for(self.materials)
        early = round(LEARN_FRACTION * len(log))
        alone = bool(pieces) or way != FULL or len(log) - early >= ENOUGH_LATER
        blocks = [slice(early, None)] if alone else successive(len(log), BLOCKS)
        options = None if pieces else FitOptions(remainders=())
        rows = np.arange(len(log))
        found: dict[str, list[FloatArray]] = {}
        for block in blocks:
            judged = log.rows(block)
            learned = log.rows(rows[:early] if alone else np.setdiff1d(rows, rows[block]))
            local = fit(learned, self.materials, options, priors=priors_for(contract, schema), schema=schema)
            models = {
                LOCAL: local,
                SHARED: self.shared_model(contract, others, local, pieces),
                TUNED: self.tuned_model(contract, others, learned, pieces, way, options),
            }
            if active is not None:
                terms, classes, its_way = active
                models[ACTIVE] = self.tuned_model(terms, classes, learned, None, its_way, options)
            for name, model in models.items():
                found.setdefault(name, []).append(_errors(model, judged, schema.outputs))
        errors = {name: np.vstack(parts) for name, parts in found.items()}
        return Trial((*schema.outputs, YIELD), errors)

    def evidence(self, contract: Contract, others: Shared) -> dict[str, float]:
        """By how many nats the plant's heats are likelier with the others' classes than with the catalogue's."""
        schema, own = contract.schema_for(self.materials), self._sums(contract)
        known, catalogue = informed_priors(contract, schema, others), priors_for(contract, schema)

        def log_likelihood(prior: Prior, sums: Statistics) -> float:
            whole = replace(prior, class_covariance=prior.covariance, local_covariance=np.zeros_like(prior.covariance))
            return log_evidence(whole, replace(sums, evidence=0.0))

        return {
            name: log_likelihood(known[name], own[name]) - log_likelihood(catalogue[name], own[name]) for name in own
        }

    def learning_under(self, contract: Contract) -> HeatLog:
        """Its first heats, with what the contract analyses: what a remainder, and the way of tuning, is learned on."""
        return self._under(contract, self.log.split(LEARN_FRACTION)[0])

    def _under(self, contract: Contract, log: HeatLog) -> HeatLog:
        return log.with_elements(tuple(Element(symbol) for symbol in contract.elements))

    def _local(self, contract: Contract, log: HeatLog, schema: Schema) -> Surrogate:
        """The plant's own linear model with the catalogue's priors."""
        priors = priors_for(contract, schema)
        return fit(log, self.materials, FitOptions(remainders=()), priors=priors, schema=schema)


def _errors(model: Surrogate, log: HeatLog, outputs: tuple[str, ...]) -> FloatArray:
    """(N, O) predicted less recorded; the last is the yield, t tapped per t charged."""
    found, charged = model.predict(log), log.charged_t.sum(axis=1)
    nothing = np.full(len(log), np.nan)
    each = [found.mean.get(name, nothing) - recorded(log, name) for name in outputs]
    return np.column_stack([*each, (found.tapped_t - log.tapped_t) / charged])
