"""The surrogate itself: fitted arrays, vectorised prediction, and its description for one heat."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np

from steel.elements import Element
from steel.errors import InputError
from steel.heats import Charge, FloatArray, HeatLog
from surrogate.model.description import Description, OutputPieces
from surrogate.model.inputs import InputLevels
from surrogate.model.linear import Posterior
from surrogate.model.motion import Motion
from surrogate.model.pieces import greatest
from surrogate.model.quantiles import Quantiles
from surrogate.model.schema import ENERGY, Schema
from surrogate.model.trees import Trees, no_trees


@dataclass(frozen=True)
class Output:
    """One output's fitted parameters.

    Attributes:
        linear: posterior of the d linear coefficients.
        pieces: (K, d) convex remainder on the features; K = 0 where it did not help.
        trees: remainder that is neither linear nor convex; none where it did not help.
        motion: how it moves with time.
        lot_sd: (n,) standard deviation of lots about each material's coefficient.
        noise: residual standard deviation, in the output's unit.
        quantiles: calibrated quantiles of the standardised residual.
        sampling_cv: relative standard deviation of sampling and analysis: it grows with what is analysed, ladle
            additions and all; 0 for what is not analysed.
    """

    linear: Posterior
    pieces: FloatArray
    lot_sd: FloatArray
    noise: float
    quantiles: Quantiles
    trees: Trees = field(default_factory=no_trees)
    motion: Motion = field(default_factory=Motion)
    sampling_cv: float = 0.0

    @property
    def has_remainder(self) -> bool:
        """Whether anything is added to the linear balance."""
        return len(self.pieces) > 0 or len(self.trees) > 0

    def mean(self, features: FloatArray) -> FloatArray:
        """(N,) of (N, d) features."""
        return np.asarray(features @ self.linear.mean + self.remainder(features))

    def remainder(self, features: FloatArray) -> FloatArray:
        """(N,) what convex pieces or trees add on (N, d) features; zero where there are none."""
        return self.convex(features) + self.trees.value(features)

    def convex(self, features: FloatArray) -> FloatArray:
        """(N,) the convex part of the remainder."""
        if not len(self.pieces):
            return np.zeros(len(features))
        return greatest(features, self.pieces)

    def variance(self, features: FloatArray) -> FloatArray:
        """(N,) variance of the steel itself about the mean: parameters, lots and noise, before it is analysed."""
        parameters = np.einsum("nd,de,ne->n", features, self.linear.covariance, features)
        lots = features[:, : len(self.lot_sd)] ** 2 @ self.lot_sd**2
        return np.asarray(np.maximum(parameters, 0.0) + lots + self.noise**2)

    def unknown_process(self, known: FloatArray) -> FloatArray:
        """(N,) variance that process inputs add which nobody knows yet.

        Args:
            known: (N, p) 1 where a standardised input is known, 0 where it will lie about the usual, as it always did.
        """
        inputs = slice(len(self.lot_sd), len(self.lot_sd) + known.shape[1])
        effect = self.linear.mean[inputs] ** 2 + np.diag(self.linear.covariance)[inputs]
        return np.asarray((1.0 - known) @ effect)

    def noise_of(self, mean: FloatArray, unmixed: FloatArray | float = 1.0) -> FloatArray:
        """(N,) standard deviation of all that is not lots or parameters about a mean (N,).

        `unmixed` is what un-mixing the heel makes of the sampling's part.
        """
        return np.asarray(np.hypot(self.noise, self.sampling_cv * np.abs(mean) * unmixed))

    def sd(self, features: FloatArray, unmixed: FloatArray | float = 1.0) -> FloatArray:
        """(N,) standard deviation of a new heat's analysis about the mean."""
        sampling = self.sampling_cv * (features @ self.linear.mean) * unmixed
        return np.asarray(np.sqrt(self.variance(features) + sampling**2))


@dataclass(frozen=True)
class Prediction:
    """Predictions of N heats.

    Attributes:
        tapped_t: (N,) t.
        mean: each output, (N,), elements as bath wt%, energy in kWh/t.
        sd: each output, (N,), elements as bath wt%, energy in kWh/t.
    """

    tapped_t: FloatArray
    mean: dict[str, FloatArray]
    sd: dict[str, FloatArray]


@dataclass(frozen=True)
class Surrogate:
    """Charge to chemistry and energy of one plant.

    Attributes:
        schema: inputs and outputs.
        yields: (n + p,) t tapped per t charged, then the effect of each standardised process input as a
            share of the catalogue's tapped mass.
        outputs: by output name.
        levels: of the inputs, in the heats it was fitted to.
        lot_t: mass of a lot of scrap, t; 0 where successive heats share none.
    """

    schema: Schema
    yields: FloatArray
    outputs: dict[str, Output]
    levels: InputLevels
    lot_t: float = 0.0

    def tapped_t(self, charged_t: FloatArray, process: FloatArray) -> FloatArray:
        """(N,) tapped mass of (N, n) charges and (N, p) standardised process inputs."""
        materials = len(self.schema.materials)
        catalogue_t = charged_t @ self.schema.metallic
        return np.asarray(charged_t @ self.yields[:materials] + catalogue_t * (process @ self.yields[materials:]))

    def predict(self, log: HeatLog, planned: bool = False) -> Prediction:
        """Predict every heat of a log from its charge, process inputs and heel.

        Args:
            log: the heats.
            planned: whether their process inputs are what is planned, about which they will scatter as they always did.

        Raises:
            InputError: a heat charges a material the model does not know, or nothing that yields steel.
        """
        charged, process = self.schema.charged(log), self.schema.standardised(log)
        tapped = self.tapped_t(charged, process)
        metal = charged @ self.schema.metallic
        if (metal <= 0).any():
            raise InputError(str(log.heat_ids[int(np.argmin(metal))]), "heat", "a charge that yields steel")
        features = self.schema.features(charged, tapped, process)
        share = log.heel_t / (log.heel_t + tapped)
        heel = {element: log.heel_wt_pct[:, column] for column, element in enumerate(log.elements)}
        mean, sd = {}, {}
        recorded = self.schema.recorded(log) * (0.0 if planned else 1.0)
        for name, output in self.outputs.items():
            balance, remainder = features @ output.linear.mean, output.remainder(features)
            variance = output.variance(features) + output.unknown_process(recorded)
            if name != ENERGY and Element(name) in heel:
                known = np.isfinite(heel[Element(name)]) & np.isfinite(share)
                kappa = np.where(known, share, 0.0)
                balance = (1 - kappa) * balance + kappa * np.nan_to_num(heel[Element(name)])
                remainder, variance = (1 - kappa) * remainder, (1 - kappa) ** 2 * variance
            mean[name], sd[name] = balance + remainder, np.sqrt(variance + (output.sampling_cv * balance) ** 2)
        return Prediction(tapped, mean, sd)

    def interval(self, name: str, prediction: Prediction, coverage: float) -> tuple[FloatArray, FloatArray]:
        """(N,) lower and upper end of a two-sided interval of an output that covers so much of new heats."""
        quantiles = self.outputs[name].quantiles
        low, high = quantiles.at((1 - coverage) / 2), quantiles.at((1 + coverage) / 2)
        mean, sd = prediction.mean[name], prediction.sd[name]
        return mean + low * sd, mean + high * sd

    def describe(
        self, process: dict[str, float], heel_share: float = 0.0, heel_wt_pct: dict[Element, float] | None = None
    ) -> Description:
        """Describe the surrogate for one planned heat's process inputs and heel as affine and convex pieces.

        Args:
            process: process inputs by name, about which the heat will scatter as heats always did; those not given are
                the plant's usual ones.
            heel_share: share of the bath that is heel.
            heel_wt_pct: the heel's analysis.
        """
        schema = self.schema
        inputs = schema.standardise(process)
        materials = len(schema.materials)
        yields = self.yields[:materials] + schema.metallic * float(inputs @ self.yields[materials:])
        # T·features = G x, so T·(β·features) = (Gᵀβ)·x.
        lift = np.vstack([np.eye(materials), np.outer(np.append(inputs, 1.0), yields)])
        known = np.concatenate([np.full(materials, np.nan), inputs, [1.0]])

        shares = self.levels.mean[:materials]
        usual_t = shares / max(float(yields @ shares), 1e-9)

        def pieces(output: Output) -> OutputPieces:
            covariance = lift.T @ output.linear.covariance @ lift
            together = output.noise**2 + float(output.unknown_process(np.zeros((1, len(inputs))))[0])
            covariance += np.diag(output.lot_sd**2) + together * np.outer(yields, yields)
            return OutputPieces(
                output.linear.mean @ lift,
                output.pieces @ lift,
                (covariance + covariance.T) / 2,
                output.quantiles,
                output.trees.given(known, np.arange(materials)),
                sampling_cv=output.sampling_cv,
                usual=float(output.linear.mean @ lift @ usual_t),
                usual_sd=float(np.sqrt(max(usual_t @ covariance @ usual_t, 0.0))),
            )

        described = {name: pieces(output) for name, output in self.outputs.items()}
        return Description(
            materials=schema.materials,
            yields=yields,
            elements={element: described[element.value] for element in schema.elements},
            energy=described[ENERGY],
            heel_share=heel_share,
            heel_wt_pct={e: w for e, w in (heel_wt_pct or {}).items() if e in schema.elements},
            process=dict(
                zip(schema.process, (inputs * schema.process_scale + schema.process_mean).tolist(), strict=True)
            ),
            largest_share=schema.largest_share,
        )


def one_heat(charge: Charge, elements: tuple[Element, ...]) -> HeatLog:
    """A charge that has not been tapped yet, as a log of one heat."""
    names = tuple(charge.charged_t)
    heel = [charge.heel_wt_pct.get(element, np.nan) for element in elements]
    return HeatLog(
        heat_ids=np.array(["planned"]),
        tapped_at=np.array(["NaT"], dtype="datetime64[s]"),
        grades=np.array([""]),
        materials=names,
        charged_t=np.array([[charge.charged_t[name] for name in names]]).reshape(1, len(names)),
        elements=elements,
        analysis_wt_pct=np.full((1, len(elements)), np.nan),
        tapped_t=np.array([np.nan]),
        energy_kwh_per_t=np.array([np.nan]),
        heel_t=np.array([charge.heel_t]),
        heel_wt_pct=cast(FloatArray, np.array([heel], dtype=np.float64).reshape(1, len(elements))),
        process={name: np.array([value]) for name, value in charge.process.items()},
    )
