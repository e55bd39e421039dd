"""One service per SQLite file: a lock that dies with its holder."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from core.errors import Refused

if sys.platform == "win32":  # pragma: no cover - Windows' own locks
    import msvcrt

    _FAR = 1 << 30
    """A locked byte cannot be read on Windows; this one holds nothing."""

    def _try_lock(file: IO[str]) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
else:
    import fcntl

    def _try_lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive_lock(path: Path, *, command: str, since: datetime) -> Iterator[None]:
    """Hold ``path`` while the context lasts; ``command`` and ``since`` sign it.

    Raises:
        Refused: another process holds it; the reason says which.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        try:
            _try_lock(file)
        except OSError:
            raise Refused(_who_holds(path, file.read())) from None
        _sign(file, command=command, since=since)
        yield
        file.truncate(0)


def _sign(file: IO[str], *, command: str, since: datetime) -> None:
    holder = {"pid": os.getpid(), "command": command, "since": since.isoformat()}
    file.seek(0)
    file.truncate()
    file.write(json.dumps(holder))
    file.flush()


def _who_holds(path: Path, signature: str) -> str:
    try:
        holder = json.loads(signature)
        who = f"`{holder['command']}` (process {holder['pid']}, {holder['since']})"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return (
        f"{who} is already running on this database and holds {path}. "
        "Stop it first, or use another data folder."
    )
