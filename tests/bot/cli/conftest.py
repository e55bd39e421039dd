"""The command line as somebody types it, in this process."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cli import main
from tests.bot.offices import write_config


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output, and nothing else there."""
        return json.loads(self.out)


Tapgate = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _logs_put_back() -> Iterator[None]:
    """Commands configure logging for the whole process."""
    root = logging.getLogger()
    before = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, root.level = before[0], before[1]
    structlog.configure(**before[2])


@pytest.fixture
def tapgate(capsys, monkeypatch, tmp_path) -> Tapgate:
    """Runs a command in an empty folder, as a terminal 200 columns wide would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("TAPGATE_CONFIG", "TAPGATE_TELEGRAM__TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["tapgate", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, written.out, written.err)

    return run


@pytest.fixture
def config(tmp_path) -> Path:
    """A configuration with one paper account, in the folder of the commands."""
    return write_config(tmp_path)
