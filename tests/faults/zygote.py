"""A parent that has imported everything and forks a child for each life.

Starting Python and importing aiogram takes seconds, a fork takes milliseconds. The
parent imports and nothing more: it has no threads and no event loop, so a child
starts clean. One line on its input is one life; the answer is the child's number.
When its input ends it takes all its children with it.

    python -m tests.faults.zygote
"""

import gc
import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from tests.faults.runner import LOG, Life, run

ROOT = Path(__file__).parents[2]


def serve() -> None:
    """Fork for each line until the input ends."""
    gc.collect()
    gc.freeze()
    _say("ready")
    while line := sys.stdin.readline():
        _bury_the_dead()
        child = os.fork()
        if not child:
            _be_born(Life.from_json(line))
        _say(str(child))
    os.killpg(0, signal.SIGKILL)


def _bury_the_dead() -> None:
    """Children stay until the next is born, so that no number is used again."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _be_born(life: Life) -> None:
    """Never returns."""
    log = os.open(life.folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        run(life)
    except BaseException:  # noqa: BLE001 - the last edge: the log must say why
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Zygote:
    """The test's end of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._hear("ready")

    def fork(self, life: Life) -> int:
        """Begin a life; its process number."""
        assert self._process.stdin is not None
        self._process.stdin.write(life.to_json() + "\n")
        self._process.stdin.flush()
        return int(self._hear())

    def _hear(self, expected: str = "") -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line if not expected else line == expected, "the zygote is gone"
        return line

    def close(self) -> None:
        """End it and every child that still lives."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


if __name__ == "__main__":
    serve()
