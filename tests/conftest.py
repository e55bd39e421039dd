"""Rules for every test: loopback only; a missing service is said, not skipped over."""

import os
import shutil
import socket
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
PROGRAMS = ("curl", "node", "openssl")
LOOPBACK = ("127.", "::1", "localhost")
STRICT = "NO_MISSING_SERVICES"
"""Set where every service must be there: then a missing one fails the run."""


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _absent() -> list[str]:
    """The services that are not on this machine, by the marker of their tests."""
    there = {
        "chromium": CHROMIUM is not None,
        "postgres": _answers(5432),
        **{name: shutil.which(name) is not None for name in PROGRAMS},
    }
    return [marker for marker, present in there.items() if not present]


_LEFT_OUT: dict[str, int] = {}
"""How many tests need each absent service."""


def pytest_configure(config: pytest.Config) -> None:
    """Where everything must be there, say at once what is not."""
    absent = _absent() if os.environ.get(STRICT) else []
    if absent and not hasattr(config, "workerinput"):
        pytest.exit(f"{STRICT} is set, and not here: {', '.join(absent)}", returncode=1)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a service that is not on this machine."""
    for marker in _absent():
        wanting = [item for item in items if item.get_closest_marker(marker)]
        if wanting:
            _LEFT_OUT[marker] = len(wanting)
            items[:] = [item for item in items if item not in wanting]
            config.hook.pytest_deselected(items=wanting)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of several tells the one that writes the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = _LEFT_OUT


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the same."""
    _LEFT_OUT.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each missing service."""
    for marker, count in _LEFT_OUT.items():
        terminalreporter.write_line(f"left out: {count} tests that need {marker}")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for the outside fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            message = f"tests stay on this machine, this one reached for {address}"
            raise AssertionError(message)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
