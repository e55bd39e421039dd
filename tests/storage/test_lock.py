import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Refused
from storage.lock import exclusive_lock
from tests.fakes import NOON

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from storage.lock import exclusive_lock

with exclusive_lock(
    Path(sys.argv[1]), command="tapgate run", since=datetime(2026, 1, 2, tzinfo=UTC)
):
    print("held", flush=True)
    sys.stdin.read()
"""


def _hold(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def _try(path: Path) -> None:
    with exclusive_lock(path, command="tapgate demo", since=NOON):
        pass


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "tapgate.lock"
    with _hold(path) as holder:
        with pytest.raises(Refused) as caught:
            _try(path)
        holder.kill()
    assert "`tapgate run`" in caught.value.reason
    assert f"process {holder.pid}" in caught.value.reason
    assert "2026-01-02T00:00:00+00:00" in caught.value.reason
    assert str(path) in caught.value.reason


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tapgate.lock"
    with _hold(path) as holder:
        holder.kill()
        holder.wait()
        _try(path)


def test_a_lock_can_be_taken_again_after_its_end(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "tapgate.lock"
    _try(path)
    _try(path)


def test_a_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "tapgate.lock"
    with (
        pytest.raises(LookupError),
        exclusive_lock(path, command="tapgate run", since=NOON),
    ):
        raise LookupError
    _try(path)


def test_two_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "tapgate.lock"
    later = NOON + timedelta(hours=1)
    with (
        exclusive_lock(path, command="tapgate run", since=NOON),
        pytest.raises(Refused),
        exclusive_lock(path, command="tapgate run", since=later),
    ):
        pass


@pytest.mark.parametrize("content", ["", "{}", "null", "{torn"])
def test_a_holder_that_has_not_signed_is_another_process(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "tapgate.lock"
    with exclusive_lock(path, command="tapgate run", since=NOON):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(Refused, match=r"^another process is already running"):
            _try(path)
