"""Each import contract is broken on purpose: one that cannot fail holds nothing."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "charts", "core", "migrations", "mt5_bridge", "storage")
BREAKS = {
    "Everything may know core, core knows nobody, the three workers never meet": (
        "charts/style.py",
        "import storage.types",
    ),
    "Inside core: desk, ports, decisions, words, each on those below": (
        "core/market.py",
        "import core.sizing",
    ),
    "Core decides, it never talks to the world": ("core/clock.py", "import asyncio"),
    "Each outside library has one home": ("charts/png.py", "import sqlalchemy"),
    "Only bot.app knows who does the work; the rest of bot knows core": (
        "bot/work.py",
        "import storage.journal",
    ),
    "The sandbox is Telegram's side: it knows nothing of ours": (
        "bot/sandbox/bell.py",
        "import core.clock",
    ),
}


def _contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [each["name"] for each in settings["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_its_break():
    assert set(BREAKS) == set(_contracts())


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> str:
    """What the linter says of a copy in which every contract is broken."""
    copy = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, line in BREAKS.values():
        path = copy / file
        path.write_text(f"{path.read_text()}\n{line}\n")
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [linter, "--no-logo", "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    return " ".join(run.stdout.split())


@pytest.mark.parametrize("contract", BREAKS)
def test_a_forbidden_import_breaks_its_contract(contract, verdicts):
    assert f"{contract} BROKEN" in verdicts
