"""Servers and clients as processes of their own, on cores of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


def use_core(number: int) -> None:
    """Keep this process to one core, where there is a choice: servers 0, clients 1."""
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > number and len(cores) > 1:
            os.sched_setaffinity(0, {cores[number]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that listens."""

    port: int
    secret: str
    database: Path


@contextmanager
def server(module: str, folder: Path) -> Iterator[Server]:
    """``python -m module folder``, until the context ends."""
    folder.mkdir(parents=True)
    with (
        (folder / "log.txt").open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", module, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        try:
            line = process.stdout.readline()
            if not line:
                message = f"{module} did not start: {folder / 'log.txt'} says why"
                raise RuntimeError(message)
            told = json.loads(line)
            yield Server(
                port=told["port"],
                secret=told["secret"],
                database=folder / told["database"],
            )
        finally:
            process.stdin.close()  # which ends it


def announce(*, port: int, secret: str, database: str) -> None:
    """Say on standard output that a server listens."""
    told = {"port": port, "secret": secret, "database": database}
    print(json.dumps(told), flush=True)


def until_stdin_closes() -> None:
    """Return when whoever started us wants us to end."""
    sys.stdin.read()
