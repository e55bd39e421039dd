"""Providers at the command line: made, listed, switched off and on."""

import asyncio

import pytest

from bot.keys import new_key_pair
from core.ids import ProviderName
from core.users import Provider
from tests.bot.offices import office_in


def test_a_new_provider_s_credentials_are_shown(tapgate, config):
    ran = tapgate("provider", "add", "alpha")
    assert ran.code == 0
    assert "alpha is ready. Shown this once:" in ran.out
    assert "secret       whsec_" in ran.out


def test_a_new_provider_as_json_is_one_document(tapgate, config):
    two = ["--instruments", "XAUUSD, EURUSD"]
    ran = tapgate("provider", "add", "alpha", *two, "--json")
    assert set(ran.document) >= {"name", "secret", "read_token"}
    (listed,) = tapgate("provider", "list", "--json").document
    assert listed["name"] == "alpha"
    assert listed["instruments"] == ["XAUUSD", "EURUSD"]
    assert listed["enabled"] is True
    assert "secret" not in listed


def test_providers_are_listed_for_people_with_their_state(tapgate, config):
    tapgate("provider", "add", "alpha")
    tapgate("provider", "add", "beta", "--instruments", "XAUUSD")
    tapgate("provider", "disable", "beta")
    ran = tapgate("provider", "list")
    assert ran.code == 0
    rows = [line.split()[:4] for line in ran.out.splitlines() if "abled" in line]
    assert rows == [
        ["alpha", "enabled", "secret", "all"],
        ["beta", "disabled", "secret", "XAUUSD"],
    ]


def test_a_row_in_a_pipe_is_one_line_however_narrow(tapgate, config, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    tapgate("provider", "add", "a" * 32, "--instruments", "XAUUSD,EURUSD,GBPUSD")
    (row,) = [
        line for line in tapgate("provider", "list").out.splitlines() if "abl" in line
    ]
    assert "XAUUSD, EURUSD, GBPUSD" in row


def test_an_empty_list_says_how_to_begin(tapgate, config):
    ran = tapgate("provider", "list")
    assert (ran.code, ran.out) == (
        0,
        "There is no provider yet: tapgate provider add NAME\n",
    )
    assert tapgate("provider", "list", "--json").document == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alpha"], "There is a provider alpha already."),
        (["a b"], "A provider's name is letters"),
        (["beta", "--instruments", "GOLD"], "GOLD is not traded here; [signals]"),
    ],
)
def test_a_provider_that_cannot_be_is_a_problem(tapgate, config, words, said):
    tapgate("provider", "add", "alpha")
    ran = tapgate("provider", "add", *words, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert len(tapgate("provider", "list", "--json").document) == 1


# ------------------------------------------------------------------ off and on


def test_a_disabled_provider_is_told_to_be_so(tapgate, config):
    tapgate("provider", "add", "alpha")
    ran = tapgate("provider", "disable", "alpha")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("alpha is disabled: its requests are answered with 401.")
    (listed,) = tapgate("provider", "list", "--json").document
    assert listed["enabled"] is False


def test_an_enabled_provider_keeps_its_secret(tapgate, config):
    tapgate("provider", "add", "alpha")
    tapgate("provider", "disable", "alpha")
    ran = tapgate("provider", "enable", "alpha")
    assert (ran.code, ran.out) == (
        0,
        "alpha is enabled; its secret is the same as before.\n",
    )


@pytest.mark.parametrize("command", ["disable", "enable"])
def test_switching_twice_says_that_it_was_so_already(tapgate, config, command):
    tapgate("provider", "add", "alpha")
    tapgate("provider", command, "alpha")
    ran = tapgate("provider", command, "alpha")
    assert (ran.code, ran.out) == (0, f"alpha was {command}d already.\n")


@pytest.mark.parametrize(("command", "enabled"), [("disable", False), ("enable", True)])
def test_switching_as_json_is_one_document(tapgate, config, command, enabled):
    tapgate("provider", "add", "alpha")
    ran = tapgate("provider", command, "alpha", "--json")
    assert ran.document == {"name": "alpha", "enabled": enabled, "changed": not enabled}


@pytest.mark.parametrize("command", ["disable", "enable"])
def test_an_unknown_provider_is_a_problem_that_names_the_known_ones(
    tapgate, config, command
):
    for name in ("alpha", "beta"):
        tapgate("provider", "add", name)
    ran = tapgate("provider", command, "gamma", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "There is no provider gamma; known: alpha, beta." in ran.err


def test_where_there_is_no_provider_it_says_how_to_add_one(tapgate, config):
    ran = tapgate("provider", "disable", "gamma")
    assert ran.code == 1
    assert "nor any other: `tapgate provider add NAME`." in ran.err


def test_what_is_open_beside_the_command_sees_it_at_once(tapgate, config):
    tapgate("provider", "add", "alpha")

    async def beside() -> bool:
        async with office_in(config.parent) as office:
            await asyncio.to_thread(tapgate, "provider", "disable", "alpha")
            row = await office.journal.get(Provider, ProviderName("alpha"))
            return row is not None and row.enabled

    assert asyncio.run(beside()) is False


# ------------------------------------------------------------------ rotation


def test_a_rotation_shows_the_new_secret_and_how_long_the_former_lives(tapgate, config):
    made = tapgate("provider", "add", "alpha", "--json").document
    ran = tapgate("provider", "rotate", "alpha", "--json")
    assert ran.document["secret"] not in (None, made["secret"])
    assert ran.document["former_until"].endswith("Z")
    assert ran.document["read_token"] is ran.document["tradingview_url"] is None
    told = tapgate("provider", "rotate", "alpha", "--keep-hours", "0")
    assert "refused from now on" in told.out
    assert "whsec_" in told.out


def test_an_address_for_tradingview_is_complete(tapgate, config):
    made = tapgate("provider", "add", "alpha", "--json").document
    stem, _, token = made["tradingview_url"].rpartition("/")
    assert stem == "http://127.0.0.1:8080/hooks/tradingview"
    assert len(token) >= 22
    new = tapgate("provider", "rotate", "alpha", "--tradingview", "--json").document
    assert new["secret"] is None
    assert new["tradingview_url"] not in (None, made["tradingview_url"])
    gone = tapgate("provider", "rotate", "alpha", "--no-tradingview")
    assert "no address for TradingView any more" in gone.out
    (listed,) = tapgate("provider", "list", "--json").document
    assert listed["tradingview"] is False


def test_a_provider_may_bring_a_key_and_limits(tapgate, config):
    _, public = new_key_pair()
    made = tapgate(
        "provider", "add", "alpha", "--public-key", public, "--rate-per-minute", "5"
    )
    assert made.code == 0
    assert "whsec_" not in made.out
    (listed,) = tapgate("provider", "list", "--json").document
    assert (listed["signs_with"], listed["public_key"]) == ("key pair", public)
    assert listed["rate_per_minute"] == 5
    assert "key pair" in tapgate("provider", "list").out


def test_a_rotation_that_cannot_be_says_why(tapgate, config):
    assert "no provider moon" in tapgate("provider", "rotate", "moon").err
    tapgate("provider", "add", "alpha")
    long = tapgate("provider", "rotate", "alpha", "--keep-hours", "999")
    assert "168" in long.err
    assert long.code == 2


def test_limits_change_by_what_is_said_and_go_back_to_those_of_all(tapgate, config):
    tapgate("provider", "add", "alpha", "--instruments", "XAUUSD")
    ran = tapgate("provider", "limit", "alpha", "--rate-per-minute", "0", "--json")
    assert ran.document == {
        "name": "alpha",
        "instruments": ["XAUUSD"],
        "rate_per_minute": 0,
        "rate_burst": None,
        "open_signals": None,
    }
    told = tapgate("provider", "limit", "alpha", "--as-all", "--rate-burst", "7").out
    lines = {" ".join(line.split()) for line in told.splitlines()}
    assert {"instruments as all", "rate_per_minute as all", "rate_burst 7"} <= lines
    (listed,) = tapgate("provider", "list", "--json").document
    assert (listed["instruments"], listed["rate_burst"]) == ([], 7)


def test_a_limit_that_cannot_be_says_why(tapgate, config):
    assert "no provider moon" in tapgate("provider", "limit", "moon").err
    tapgate("provider", "add", "alpha")
    ran = tapgate("provider", "limit", "alpha", "--instruments", "GOLD")
    assert "GOLD is not traded here" in ran.err
    assert ran.code == 1
