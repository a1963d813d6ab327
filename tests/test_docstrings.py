"""Docstrings give one attribute a line: two on a line break every renderer."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("steel", "plant_adapters", "surrogate", "optimizer", "federation", "scenarios", "api", "chargewise")
SECTION = re.compile(r"^Attributes:\n((?:[ \t]+.*\n?|\n)*)", re.MULTILINE)
TWO_NAMES = re.compile(r"^    [a-z_]+, [a-z_, ]+: ")
TWO_ENTRIES = re.compile(r"^    [a-z_]+: [^`]*\. [a-z_]+: ")


@pytest.mark.parametrize("room", ROOMS)
def test_one_attribute_a_line(room: str) -> None:
    wrong = []
    for path in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.Module)):
                documented = ast.get_docstring(node) or ""
                for section in SECTION.findall(documented):
                    lines = section.splitlines()
                    wrong += [
                        f"{path.relative_to(ROOT)}: {line.strip()}"
                        for line in lines
                        if TWO_NAMES.match(line) or TWO_ENTRIES.match(line)
                    ]
    assert not wrong, "\n".join(wrong)
