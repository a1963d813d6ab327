"""Participants' own torch modules federate: scikit-learn's digits stand for any."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from flwr.app import Message
from flwr.supercore.task_identity import TaskIdentity

from federation.ledger.errors import TooFewPlantsError
from federation.ledger.ledger import Ledger, read_ledger
from federation.modules.coordinate import ModuleResult, run_modules
from federation.modules.in_process import InProcessGrid
from federation.modules.privacy import epsilon
from federation.modules.settings import ModuleRun
from federation.modules.task import load_task
from federation.modules.training import shuffled
from steel.errors import InputError
from tests.federation.digits import PLANTS, Digits, app

THE_TASK = "tests.federation.digits:Digits"


class Losing(InProcessGrid):
    """A grid whose first participant is killed in the middle of a round: asked, it does not answer."""

    lost_from = 99

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        kept = []
        for message in messages:
            asked = message.content.config_records.get("config", {})
            lost = int(str(asked.get("server-round", 0))) >= self.lost_from
            if not (lost and message.metadata.dst_node_id == min(self.get_node_ids())):
                kept.append(message)
        return super().push_messages(kept)


def federate(folder: Path, tasks: dict[str, str] | None = None, /, **asked: Any) -> ModuleResult:
    """Digits at three participants, some of which may bring another task."""
    nodes: list[dict[str, bool | float | int | str]] = [
        {"plant": plant, "task": f"tests.federation.digits:{(tasks or {}).get(plant, 'Digits')}"} for plant in PLANTS
    ]
    run = ModuleRun.model_validate({"participants": len(nodes), **asked})
    return run_modules(InProcessGrid(app, nodes), run, Ledger(folder / "ledger.jsonl"), "a test", wait_s=60.0)


def tensors(result: ModuleResult) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in result.weights.items()}


def accuracies(result: ModuleResult, of_round: int = -1) -> list[float]:
    return [metrics["accuracy"] or 0.0 for metrics in result.rounds[of_round].values()]


def test_digits_converge_in_five_rounds_with_every_participant_heard_in_each(tmp_path: Path) -> None:
    result = federate(tmp_path, rounds=5, epochs=2, batch_size=128, learning_rate=0.5)
    assert len(result.rounds) == 5
    assert all(set(told) == set(PLANTS) for told in result.rounds)
    assert min(accuracies(result)) > 0.88
    assert np.mean(accuracies(result)) > 0.92
    means = [np.mean(accuracies(result, number)) for number in range(5)]
    assert means == sorted(means)
    # Converged: the last round adds little of what the rounds before did.
    assert means[4] - means[3] < 0.1 * (means[4] - means[0])


def test_one_round_is_the_mean_weighted_by_sample_size(tmp_path: Path) -> None:
    result = federate(tmp_path, rounds=1, epochs=1, batch_size=10_000, learning_rate=0.5, momentum=0.0)
    task = Digits()
    gradients, rows = [], []
    for plant in PLANTS:
        module, (x, y) = task.module(), task.partition(plant).train.tensors
        gradients.append(torch.autograd.grad(task.loss(module(x), y), list(module.parameters())))
        rows.append(len(y))
    shares = np.array(rows) / sum(rows)
    shared = tensors(result)
    for k, (weight, got) in enumerate(zip(task.module().parameters(), shared.values(), strict=True)):
        step = torch.stack([float(share) * one[k] for share, one in zip(shares, gradients, strict=True)]).sum(dim=0)
        torch.testing.assert_close(got, weight.detach() - 0.5 * step, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("averaging", "more"),
    [
        ("fedprox", {"proximal_mu": 0.01}),
        ("fedadam", {"server_learning_rate": 0.05}),
        ("fedyogi", {"server_learning_rate": 0.05}),
        ("trimmed_mean", {"trim_share": 0.34}),
        ("median", {}),
        ("krum", {}),
    ],
)
def test_other_averages_learn_the_digits_too(averaging: str, more: dict[str, Any], tmp_path: Path) -> None:
    result = federate(tmp_path, rounds=5, averaging=averaging, learning_rate=0.3, **more)
    assert np.mean(accuracies(result)) > 0.8
    assert np.mean(accuracies(result)) > np.mean(accuracies(result, 0)) - 0.01


def test_a_strong_proximal_term_holds_participants_at_the_shared_module(tmp_path: Path) -> None:
    free = federate(tmp_path / "free", rounds=1)
    held = federate(tmp_path / "held", rounds=1, averaging="fedprox", proximal_mu=8.0)
    start = torch.cat([w.detach().ravel() for w in Digits().module().parameters()])

    def moved(result: ModuleResult) -> float:
        weights = torch.cat([w.ravel() for w in tensors(result).values()])
        return float((weights - start).norm())

    assert moved(held) < 0.5 * moved(free)


def test_updates_that_are_no_numbers_are_put_aside_by_name(tmp_path: Path) -> None:
    result = federate(tmp_path, {"beta": "NoNumbers"}, rounds=4, learning_rate=0.3)
    assert all(set(told) == {"beta"} for told in result.quarantined.values())
    assert "no numbers" in result.quarantined[1]["beta"]
    assert (result.rounds[-1]["gamma"]["accuracy"] or 0.0) > 0.85
    rounds = [entry.body for entry in read_ledger(tmp_path / "ledger.jsonl") if entry.kind == "module_round"]
    assert [set(body["put_aside"]) for body in rounds] == [{"beta"}] * 4
    assert all(set(body["updates_sha256"]) == set(PLANTS) for body in rounds)


def losing(folder: Path, **asked: Any) -> ModuleResult:
    grid = Losing(app, [{"plant": plant, "task": THE_TASK} for plant in PLANTS])
    grid.lost_from = 2
    run = ModuleRun.model_validate({"participants": 3, "rounds": 3, "learning_rate": 0.5, **asked})
    return run_modules(grid, run, Ledger(folder / "ledger.jsonl"), "a test", wait_s=60.0)


def test_a_participant_killed_in_mid_run_is_written_down_and_the_others_go_on(tmp_path: Path) -> None:
    result = losing(tmp_path, fewest=2)
    assert result.quarantined == {1: {}, 2: {"alpha": "no answer"}, 3: {"alpha": "no answer"}}
    assert [set(told) for told in result.rounds] == [set(PLANTS), {"beta", "gamma"}, {"beta", "gamma"}]
    assert np.mean(accuracies(result)) > 0.85


def test_without_leave_to_go_on_a_lost_participant_ends_the_run_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(TooFewPlantsError, match="round 2: 2 of at least 3 updates; alpha: no answer"):
        losing(tmp_path)


def test_a_participant_with_another_module_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"array 0\.bias of the modules.*'gamma': 'float32\(32,\)'"):
        federate(tmp_path, {"gamma": "Wider"})


def test_clipping_takes_the_strength_from_a_participant_that_exaggerates(tmp_path: Path) -> None:
    bad = {"alpha": "Exaggerating"}
    loud = federate(tmp_path / "loud", bad, rounds=3, momentum=0.0)
    clipped = federate(tmp_path / "clipped", bad, rounds=3, momentum=0.0, clip_norm=1.0)
    assert np.mean(accuracies(clipped)) > np.mean(accuracies(loud)) + 0.1


def test_noise_costs_accuracy_and_its_privacy_is_stated(tmp_path: Path) -> None:
    clear = federate(tmp_path / "clear", rounds=5, clip_norm=1.0)
    private = federate(tmp_path / "private", rounds=5, clip_norm=1.0, noise_multiplier=0.5)
    assert clear.epsilon is None
    assert private.epsilon == pytest.approx(epsilon(0.5, 5, 1e-5))
    assert np.mean(accuracies(private)) < np.mean(accuracies(clear))
    end = read_ledger(tmp_path / "private" / "ledger.jsonl")[-1]
    assert (end.kind, end.body["delta"]) == ("module_end", 1e-5)


def test_epsilon_is_the_exact_one_of_the_gaussian_mechanism() -> None:
    # Balle and Wang (2018): σ = 1 for sensitivity 1 and δ = 1e-5 gives ε = 4.377.
    assert epsilon(1.0, 1, 1e-5) == pytest.approx(4.377, abs=1e-3)
    assert epsilon(2.0, 4, 1e-5) == pytest.approx(epsilon(1.0, 1, 1e-5))
    assert epsilon(1.0, 0, 1e-5) == 0.0
    assert epsilon(0.0, 1, 1e-5) == float("inf")
    # Against the definition: δ as the expected excess of the likelihood ratio, by quadrature.
    sigma, eps = 1.3, epsilon(1.3, 1, 1e-4)
    x = np.linspace(-12, 12, 400_001)
    p, q = np.exp(-((x - 1) ** 2) / (2 * sigma**2)), np.exp(-(x**2) / (2 * sigma**2))
    delta = np.maximum(p - np.exp(eps) * q, 0).sum() / p.sum()
    assert delta == pytest.approx(1e-4, rel=1e-3)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"noise_multiplier": 1.0}, "needs a clip_norm"),
        ({"noise_multiplier": 1.0, "clip_norm": 1.0, "averaging": "median"}, "excludes median"),
        ({"averaging": "krum", "malicious": 1}, "more than 4 participants"),
        ({"averaging": "fedprox"}, "fedprox"),
        ({"proximal_mu": 1.0}, "fedprox"),
        ({"fewest": 4}, "exceeds the 3"),
        ({"fewest": 2, "clip_norm": 1.0, "noise_multiplier": 1.0}, "all participants"),
    ],
)
def test_what_excludes_itself_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModuleRun.model_validate({"participants": 3, **asked})


NO_TASKS = ("nowhere:Task", "tests.federation.digits:Nothing", "tests.federation.digits:PLANTS", "")


@pytest.mark.parametrize("name", NO_TASKS)
def test_a_task_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="task"):
        load_task(name)


def test_the_order_of_an_epoch_is_repeatable_and_takes_every_row_once() -> None:
    one = shuffled(300, (1, 2))
    assert torch.equal(one, shuffled(300, (1, 2)))
    assert sorted(one.tolist()) == list(range(300))
    assert not torch.equal(one, shuffled(300, (1, 3)))


def test_a_grid_in_this_process_leaves_an_identity_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_task_id", 5), ("_run_id", 7), ("_node_id", 9)):
        monkeypatch.setattr(TaskIdentity, name, value)
    InProcessGrid(lambda message, context: message, [])
    assert (TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id) == (5, 7, 9)
