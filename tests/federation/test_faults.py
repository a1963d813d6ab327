"""What goes wrong between plants and their coordinator, one kind at a time, on real processes."""

from collections.abc import Iterator

import pytest

from benchmarks.breakable_federation import plants_with_heats
from benchmarks.federation_faults import FAULTS, survived

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with plants_with_heats() as url:
        yield url


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_told_and_gone_on_with(fault: str, database: str) -> None:
    assert survived(fault, database) == ""
