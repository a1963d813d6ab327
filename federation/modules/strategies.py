"""Flower's strategies by the names that a run gives them, and noise on their mean."""

from flwr.serverapp.strategy import (
    DifferentialPrivacyServerSideFixedClipping,
    FedAdam,
    FedAvg,
    FedMedian,
    FedProx,
    FedTrimmedAvg,
    FedYogi,
    Krum,
    Strategy,
)

from federation.modules.settings import ModuleRun


def strategy_of(run: ModuleRun) -> Strategy:
    """What turns a round's updates into the next module."""
    all_of_them = dict.fromkeys(("min_train_nodes", "min_evaluate_nodes", "min_available_nodes"), run.least)
    made: dict[str, FedAvg] = {
        "fedavg": FedAvg(**all_of_them),
        "fedprox": FedProx(**all_of_them, proximal_mu=run.proximal_mu),
        "fedadam": FedAdam(**all_of_them, eta=run.server_learning_rate),
        "fedyogi": FedYogi(**all_of_them, eta=run.server_learning_rate),
        "trimmed_mean": FedTrimmedAvg(**all_of_them, beta=run.trim_share),
        "median": FedMedian(**all_of_them),
        "krum": Krum(**all_of_them, num_malicious_nodes=run.malicious),
    }
    strategy = made[run.averaging]
    if run.noise_multiplier > 0 and run.clip_norm is not None:
        return DifferentialPrivacyServerSideFixedClipping(
            strategy, run.noise_multiplier, run.clip_norm, run.participants
        )
    return strategy
