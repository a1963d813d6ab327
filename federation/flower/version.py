"""The Flower whose private modules these rooms use; another one is refused before anything of it is touched.

Flower changes its transport nearly every month. What is used of it is named in `tests/federation/test_flower.py`, which
fails by name when a new version moves it.
"""

from importlib.metadata import version

from steel.errors import InputError

SPOKEN = "1.41"


def check_flower() -> str:
    """The version that is installed.

    Raises:
        InputError: it is not the one these rooms were written for. There is no way round it at a plant: Flower's own
            SuperNode would run whatever code it is sent.
    """
    found = version("flwr")
    if found.rsplit(".", 1)[0] != SPOKEN:
        raise InputError(found, "installed version of flwr", f"{SPOKEN}, as Chargewise pins it")
    return found
