"""What a linter cannot say about the house."""

import ast
import importlib
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "charts", "core", "migrations", "mt5_bridge", "storage")
LONGEST = 320
"""Lines of a module."""
EXCUSED = {
    "core/ports.py": 480,
}
"""Longer ones, with the most they may have; each is one idea told whole."""


def _modules() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "versions" not in path.parts
    ]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_a_module_is_short_enough_to_read(path):
    limit = EXCUSED.get(_name(path), LONGEST)

    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_a_module_says_why_it_exists(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize(
    "path", [path for path in _modules() if "core" in path.parts], ids=_name
)
def test_core_knows_no_floats(path):
    floats = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]

    assert floats == []


def test_every_module_imports():
    for path in _modules():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts in (("migrations", "env"), ("bot", "__main__")):
            continue  # both act when they are imported
        importlib.import_module(".".join(parts).removesuffix(".__init__"))


def _words() -> list[type[StrEnum]]:
    test_every_module_imports()
    found, waiting = [], list(StrEnum.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.split(".")[0] == "core":
            found.append(kind)
    return found


def test_words_that_are_stored_are_lowercase_but_timeframes():
    wrong = [
        (kind.__name__, member.value)
        for kind in _words()
        if kind.__name__ != "Timeframe"
        for member in kind
        if member.value != member.value.lower()
    ]

    assert wrong == []


def test_every_package_is_installed():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(settings["tool"]["setuptools"]["packages"])
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }

    assert there <= listed | {"migrations.versions"}


def test_every_dependency_is_pinned():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = settings["optional-dependencies"].values()
    wanted = [*settings["dependencies"], *(each for extra in extras for each in extra)]
    names = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    missing = [
        each
        for each in wanted
        if "win32" not in each and _distribution(each) not in {*names, "tapgate"}
    ]

    assert missing == []


def _distribution(requirement: str) -> str:
    for mark in "[<>=; ":
        requirement = requirement.split(mark, maxsplit=1)[0]
    return requirement.lower().replace("_", "-")
