"""Rules for every test: loopback only; a missing service is said, not skipped over."""

import os
import shutil
import socket

import pytest

CHROMIUM = shutil.which("chromium")
LOOPBACK = ("127.", "::1", "localhost")
STRICT = "NO_MISSING_SERVICES"
"""Set where every service must be there: then a missing one fails the run."""


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


_MISSING: list[str] = []


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a service that is not on this machine."""
    there = {"chromium": CHROMIUM is not None, "postgres": _answers(5432)}
    for marker, present in there.items():
        wanting = [item for item in items if item.get_closest_marker(marker)]
        if present or not wanting:
            continue
        line = f"left out: {len(wanting)} tests that need {marker}"
        if os.environ.get(STRICT):
            pytest.exit(f"{line}, and {STRICT} is set", returncode=1)
        _MISSING.append(line)
        items[:] = [item for item in items if item not in wanting]
        config.hook.pytest_deselected(items=wanting)


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each missing service."""
    for line in _MISSING:
        terminalreporter.write_line(line)


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
