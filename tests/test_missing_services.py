"""A run without a service says so in one line, however many workers it has."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = "tests/bot/sandbox/test_page.py"


def _run(**more: str) -> subprocess.CompletedProcess[str]:
    """A run of the chat page's tests where there is no Chromium on the path."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", PAGE],
        cwd=ROOT,
        env={"PATH": str(Path(sys.executable).parent)} | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_is_left_out_is_said_once() -> None:
    said = _run().stdout
    (line,) = [line for line in said.splitlines() if line.startswith("left out")]
    assert line.endswith("tests that need chromium")


def test_where_nothing_may_be_missing_it_ends_at_once() -> None:
    run = _run(NO_MISSING_SERVICES="1")
    assert run.returncode == 1
    said = "NO_MISSING_SERVICES is set, and not here: chromium"
    assert said in run.stdout + run.stderr
    assert "passed" not in run.stdout
