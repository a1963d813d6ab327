"""A client that leaves before its answer, on a real server."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from optimizer.explain.recommend import Optimizer
from optimizer.solve.errors import OutOfTimeError
from tests.conftest import Installation


def test_nothing_is_searched_for_a_client_that_has_left(
    address: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[float] = []
    solution = Optimizer.solution

    def counted(self: Optimizer, *problem: object, **asked: object) -> object:
        solved.append(time.perf_counter())
        return solution(self, *problem, **asked)  # type: ignore[arg-type]

    monkeypatch.setattr(Optimizer, "solution", counted)
    order = {"plant": "northmill", "grade": "SAE1018", "options": {"max_materials": 5}}
    began = time.perf_counter()
    httpx.post(f"{address}/v1/ranges", json={**order, "time_limit_s": 5}, timeout=60).raise_for_status()
    assert time.perf_counter() - began > 2.0
    solved.clear()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/v1/ranges", json=order, timeout=0.5)
    time.sleep(1.0)
    by_then = len(solved)
    assert by_then > 0
    time.sleep(1.0)
    assert len(solved) == by_then
    assert httpx.post(f"{address}/v1/recipes", json=order, timeout=60).status_code == 200


def test_health_and_recipes_are_answered_whatever_long_searches_are_asked_for(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, **__: object) -> None:
        time.sleep(0.4)
        raise OutOfTimeError

    monkeypatch.setattr("chargewise.app.application.in_turn", endless)
    turns = [{"objective": "cost_eur_per_t"}, {"objective": "emissions_kgco2e_per_t"}]
    asked = {"plant": "northmill", "grade": "B500B", "priorities": turns}
    with ThreadPoolExecutor(100) as crowd:
        waiting = [crowd.submit(httpx.post, f"{address}/v1/priorities", json=asked, timeout=60) for _ in range(100)]
        time.sleep(0.5)
        began = time.perf_counter()
        assert httpx.get(f"{address}/healthz", timeout=10).status_code == 200
        assert time.perf_counter() - began < 2.0
        order = {"plant": "northmill", "grade": "SAE1018", "compare": False}
        assert httpx.post(f"{address}/v1/recipes", json=order, timeout=10).status_code == 200
        assert time.perf_counter() - began < 4.0
        answers = [one.result() for one in waiting]
    # Who finds no room to wait is told when to come again.
    assert {answer.status_code for answer in answers} == {503, 429}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 429)
