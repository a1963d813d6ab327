"""A client that leaves before its answer, on a real server."""

import time

import httpx
import pytest

from optimizer.recommend import Optimizer
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
    order = {"plant": "northmill", "grade": "SAE1018"}
    began = time.perf_counter()
    httpx.post(f"{address}/v1/ranges", json={**order, "time_limit_s": 3}, timeout=60).raise_for_status()
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
