"""What a plant takes part in: a file at the plant, which no message can change."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from surrogate.fit.yields import YIELD
from surrogate.model.schema import ENERGY

OUTPUTS = (*(element.value for element in Element), ENERGY, YIELD)
Count = Annotated[int, Field(ge=0)]


class Policy(Frozen):
    """What a plant answers. As it comes, it is the strictest by which a federation of three works.

    Attributes:
        secure_only: answer with masked sums only, so that nobody sees what one plant sent.
        plants_at_least: plants in a run, this one among them.
        heats_at_least: heats of its own below which nothing is told of them.
        new_heats_at_least: heats since the last answer below which a changed record is not told again: what two
            answers differ by would be those few heats.
        runs_a_day: runs answered in any 24 hours.
        outputs: told of at all; "all", or names such as Cu, energy_kwh_per_t and yield.
        remainder: learn a convex remainder by weights, which show more than sums.
        modules: train a torch module of the plant's own (`join --task`).
        errors: tell mean absolute errors on its own heats with the judgement, not the judgement alone.
    """

    secure_only: bool = True
    plants_at_least: Annotated[int, Field(ge=1)] = 3
    heats_at_least: Count = 100
    new_heats_at_least: Count = 20
    runs_a_day: Annotated[int, Field(ge=1)] = 12
    outputs: tuple[str, ...] = ("all",)
    remainder: bool = False
    modules: bool = False
    errors: bool = False

    def tells_of(self, output: str) -> bool:
        """Whether anything is told of an output."""
        return "all" in self.outputs or output in self.outputs


STRICTEST = Policy()
OPEN = Policy(
    secure_only=False,
    plants_at_least=1,
    heats_at_least=0,
    new_heats_at_least=0,
    runs_a_day=1000,
    remainder=True,
    modules=True,
    errors=True,
)
"""Everything allowed: for studies and tests."""
_TEMPLATE = """\
# What this plant takes part in. Only this file says so; no message from the coordinator changes it.
# It is read anew for every run. `chargewise federation outbox` shows what was answered, and what was refused.

secure_only = {secure_only}        # answer with masked sums only: nobody sees what one plant sent
plants_at_least = {plants_at_least}       # plants in a run, this one among them
heats_at_least = {heats_at_least}      # heats of its own below which nothing is told of them
new_heats_at_least = {new_heats_at_least}   # heats since the last answer below which a changed record is not told again
runs_a_day = {runs_a_day}           # runs answered in any 24 hours
outputs = {outputs}        # "all", or names such as "Cu", "Sn", "energy_kwh_per_t", "yield"
remainder = {remainder}         # learn a convex remainder by weights, which show more than sums
modules = {modules}           # train a torch module of the plant's own (join --task)
errors = {errors}            # tell mean absolute errors on its own heats, not only whether it adopted
"""


def write_policy(path: Path, policy: Policy = STRICTEST) -> None:
    """Write a policy with what each line means."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = {name: _toml(value) for name, value in policy.model_dump().items()}
    path.write_text(_TEMPLATE.format(**told), "utf-8")


def read_policy(path: Path) -> Policy:
    """A plant's policy; the strictest where it has no file.

    Raises:
        InputError: the file has a name that is not known, or a value that cannot be.
    """
    if not path.is_file():
        return STRICTEST
    try:
        policy = Policy.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(path), "policy", f"TOML ({error})") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = f"{path}: {'.'.join(map(str, first['loc']))}"
        known = f"one of {', '.join(Policy.model_fields)}"
        expected = known if first["type"] == "extra_forbidden" else str(first["msg"])
        raise InputError(first["input"], where, expected) from error
    unknown = sorted(set(policy.outputs) - {"all", *OUTPUTS})
    if unknown:
        raise InputError(", ".join(unknown), f"{path}: outputs", f'"all", or names of {", ".join(OUTPUTS)}')
    return policy


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "[" + ", ".join(f'"{one}"' for one in value) + "]" if isinstance(value, tuple) else str(value)
