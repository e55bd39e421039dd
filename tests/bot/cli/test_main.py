"""Exit codes, the configuration's place, and what is not imported."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import hoisted
from tests.bot.offices import write_config

NEED_A_CONFIG = [
    ["run"],
    ["migrate"],
    ["status"],
    ["status", "--json"],
    ["doctor"],
    ["doctor", "--json"],
    ["provider", "add", "alpha"],
    ["provider", "list"],
    ["invite"],
    ["order", "resolve", "X", "adopt", "--reason", "y"],
    ["audit", "verify"],
]


@pytest.mark.parametrize("words", NEED_A_CONFIG, ids=" ".join)
def test_without_a_configuration_it_says_how_to_get_one(tapgate, words):
    ran = tapgate(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "There is no configuration at config.toml. Copy config.toml from" in ran.err


def test_a_signal_needs_a_configuration_only_for_the_address(tapgate, monkeypatch):
    monkeypatch.setenv("TAPGATE_PROVIDER_SECRET", "whsec_AAAA")
    wish = ["--provider", "a", "--instrument", "X", "--side", "buy", "--price", "1"]
    assert tapgate("signal", "send", *wish).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["provider"],
        ["provider", "add"],
        ["invite", "--role", "king"],
        ["order", "resolve", "X", "burn", "--reason", "y"],
        ["order", "resolve", "X", "adopt"],
        ["run", "--role", "web"],
        ["status", "--jsn"],
        ["sandbox", "--port", "x"],
    ],
    ids=" ".join,
)
def test_a_word_that_is_not_understood_is_a_usage_error(tapgate, config, words):
    assert tapgate(*words).code == 2


def test_help_names_every_command(tapgate):
    ran = tapgate("--help")
    assert ran.code == 0
    for name in ("run", "demo", "sandbox", "status", "doctor", "provider", "invite"):
        assert f" {name} " in ran.out


def test_every_problem_of_the_configuration_is_told(tapgate, tmp_path):
    write_config(tmp_path, service={"prt": 1, "host": 7})
    ran = tapgate("status")
    assert ran.code == 2
    assert ran.err.count("✖") == 2
    assert "Did you mean service.port?" in ran.err


def test_brackets_in_a_problem_are_no_markup(tapgate, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPGATE_TELEGRAM__TOKEN", "42:x")
    write_config(tmp_path, accounts={})
    ran = tapgate("run")
    assert "there is no [accounts.NAME] section." in ran.err


# ------------------------------------------------------------------ its place


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return write_config(folder)


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "elsewhere/config.toml", "status", "--json"],
        ["status", "--config", "elsewhere/config.toml", "--json"],
        ["status", "--json", "--config=elsewhere/config.toml"],
    ],
)
def test_the_configuration_may_be_named_anywhere(tapgate, elsewhere, words):
    assert tapgate(*words).code == 0
    assert (elsewhere.parent / "data" / "tapgate.db").is_file()


def test_the_configuration_may_be_named_by_the_environment(
    tapgate, elsewhere, monkeypatch
):
    monkeypatch.setenv("TAPGATE_CONFIG", str(elsewhere))
    assert tapgate("status").code == 0
    assert (elsewhere.parent / "data").is_dir()


def test_a_named_configuration_goes_before_that_of_the_environment(
    tapgate, elsewhere, monkeypatch
):
    monkeypatch.setenv("TAPGATE_CONFIG", "nowhere.toml")
    assert tapgate("status", "--config", str(elsewhere)).code == 0


@pytest.mark.parametrize(
    ("words", "front"),
    [
        ([], []),
        (["status"], ["status"]),
        (["a", "--config", "f", "b"], ["--config", "f", "a", "b"]),
        (["a", "--config=f"], ["--config=f", "a"]),
        (["a", "--config"], ["--config", "a"]),
    ],
)
def test_the_configuration_s_option_is_moved_to_the_front(words, front):
    assert hoisted(words) == front


# ------------------------------------------------------------------ as a program


def _python(*words: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run this Python; how it ended, and the CPU seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ended, seconds


def test_help_comes_at_once():
    ended, seconds = _python("-m", "bot", "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert seconds < 1.5


def test_what_is_heavy_is_not_imported_for_the_command_line():
    heavy = "{'aiogram', 'sqlalchemy', 'matplotlib', 'aiohttp', 'hypothesis'}"
    program = f"import sys, bot.cli; print({heavy} & set(sys.modules))"
    ended, _ = _python("-c", program)
    assert ended.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "module", ["bot.sandbox", "bot.doctor", "bot.status", "bot.invites", "core.ports"]
)
def test_aiogram_is_imported_by_the_service_alone(module):
    program = f"import sys, {module}; print('aiogram' in sys.modules)"
    ended, _ = _python("-c", program)
    assert ended.stdout.strip() == "False"
