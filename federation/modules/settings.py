"""How a federation of modules is run: one place that says what can be asked, and what excludes what."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from steel.frozen import Frozen

Averaging = Literal["fedavg", "fedprox", "fedadam", "fedyogi", "trimmed_mean", "median", "krum"]
ROBUST = ("trimmed_mean", "median", "krum")
"""They look at single updates and weigh participants alike."""
Positive = Annotated[float, Field(gt=0)]


class ModuleRun(Frozen):
    """One run.

    Attributes:
        participants: that must be connected to begin.
        fewest: answers without which a round is not averaged; 0 means all participants'.
        averaging: how updates become the next module: means weighted by sample size (McMahan et al. 2017), with a
            proximal term at the participants (Li et al. 2020), with a server optimiser (Reddi et al. 2021), or robust
            ones (Yin et al. 2018; Blanchard et al. 2017).
        rounds: of training.
        epochs: of training.
        batch_size: of training.
        learning_rate: of training.
        momentum: of training.
        proximal_mu: FedProx's pull towards the shared module.
        server_learning_rate: of FedAdam and FedYogi.
        trim_share: of updates cut off at each end by the trimmed mean.
        malicious: updates that Krum allows for.
        clip_norm: longest update; longer ones are shortened to it. None means as it comes.
        noise_multiplier: standard deviation of the noise on the sum of clipped updates, in clip norms; 0 means none.
        delta: probability with which the stated ε need not hold.
        seed: of the order of batches, with the participant's name and the round.

    Raises:
        ValueError: what is asked excludes itself: noise needs a clip norm, and plain averaging with equal weights;
            Krum needs more participants than twice the malicious ones and
            two; FedProx, and it alone, a proximal term.
    """

    participants: Annotated[int, Field(ge=1)]
    fewest: Annotated[int, Field(ge=0)] = 0
    averaging: Averaging = "fedavg"
    rounds: Annotated[int, Field(ge=1)] = 5
    epochs: Annotated[int, Field(ge=1)] = 2
    batch_size: Annotated[int, Field(ge=1)] = 128
    learning_rate: Positive = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    proximal_mu: Annotated[float, Field(ge=0)] = 0.0
    server_learning_rate: Positive = 0.01
    trim_share: Annotated[float, Field(ge=0, lt=0.5)] = 0.2
    malicious: Annotated[int, Field(ge=0)] = 0
    clip_norm: Positive | None = None
    noise_multiplier: Annotated[float, Field(ge=0)] = 0.0
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    seed: int = 0

    @property
    def least(self) -> int:
        """Answers without which a round is not averaged."""
        return self.fewest or self.participants

    @model_validator(mode="after")
    def _consistent(self) -> "ModuleRun":
        if self.noise_multiplier > 0 and self.clip_norm is None:
            raise ValueError("noise_multiplier needs a clip_norm: noise hides an update only if its length is bounded")
        if self.noise_multiplier > 0 and self.averaging in ROBUST:
            raise ValueError(
                f"noise_multiplier excludes {self.averaging}: the stated privacy is that of a mean of all updates"
            )
        if self.fewest > self.participants:
            raise ValueError(f"fewest {self.fewest} exceeds the {self.participants} participants")
        if self.noise_multiplier > 0 and self.least < self.participants:
            raise ValueError("noise_multiplier needs all participants in every round; fewest must be 0")
        if (self.averaging == "fedprox") != (self.proximal_mu > 0):
            raise ValueError(f"proximal_mu {self.proximal_mu} with {self.averaging}: fedprox, and it alone, has one")
        if self.averaging == "krum" and self.participants <= 2 * self.malicious + 2:
            raise ValueError(f"krum against {self.malicious} needs more than {2 * self.malicious + 2} participants")
        return self
