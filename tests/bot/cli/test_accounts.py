"""Accounts at the command line: added, listed, assigned, disabled and enabled."""

import asyncio
import json

import pytest

from bot.accounts import settings_of
from bot.plans import rules_of
from core.accounts import Account, AccountSource
from core.desk.joining import Person, start
from core.ids import AccountId, UserId
from core.ports import Insert
from tests.bot.offices import office_in
from tests.builders import a_trade, an_account

BOB = UserId(2)


def in_the_office(tmp_path, work):
    async def run():
        async with office_in(tmp_path) as office:
            return await work(office)

    return asyncio.run(run())


def come(tmp_path, user: UserId = BOB) -> None:
    """Somebody writes to the bot."""

    async def work(office):
        person = Person(id=user, name="Bob", language="en")
        await start(office.tools, person, "")

    in_the_office(tmp_path, work)


def account_of(tmp_path, name: str) -> Account | None:
    return in_the_office(
        tmp_path, lambda office: office.journal.get(Account, AccountId(name))
    )


# -------------------------------------------------------------------------- added


def test_an_account_is_added_with_its_settings_and_limits(tapgate, config, tmp_path):
    ran = tapgate(
        *("account", "add", "night", "--kind", "desk", "--currency", "EUR"),
        *("--balance", "2500.50", "--risk.per_trade_percent", "0.5"),
        *("--risk.max-lots=3", "--risk.warn-percents", "[40, 80]"),
    )
    assert (ran.code, "account assign night USER_ID" in ran.out) == (0, True)
    added = account_of(tmp_path, "night")
    assert added is not None
    assert (added.source, added.kind, added.currency, added.mode) == (
        AccountSource.ADDED,
        "desk",
        "EUR",
        "paper",
    )
    kept = settings_of(added)
    assert str(kept.balance) == "2500.50"
    rules = in_the_office(tmp_path, lambda office: _rules(office, kept))
    assert (str(rules.per_trade_percent), str(rules.max_lots)) == ("0.5", "3")
    assert rules.warn_percents == (40, 80)


async def _rules(office, kept):
    return rules_of(office.settings, kept)


def test_what_was_added_is_one_json_document(tapgate, config):
    added = tapgate("account", "add", "night", "--json")
    assert added.document == {"name": "night", "broker": "paper", "kind": "own"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("live", "--broker", "mt5"), 1, "come with a later release"),
        (("live", "--broker", "bridge"), 1, "come with a later release"),
        (("live", "--broker", "ib"), 2, "ib"),
        (("no name",), 2, "an account's name is letters, digits and _"),
        (("new", "--balance", "much"), 2, "accounts.new.balance"),
        (("new", "--currency", "XXX"), 1, "kept in USD, EUR, GBP, not in XXX"),
        (("new", "--feed", "csv:XAUUSD=none.csv"), 1, "none.csv"),
        (("new", "--risk.max_lot", "1"), 2, "no key accounts.new.risk.max_lot"),
        (("new", "--risk.warn_percents", "[4"), 2, "accounts.new.risk.warn_percents"),
        (("new", "--rsik", "1"), 2, "There is no option --rsik"),
        (("demo",), 1, "[accounts.demo] stands in the configuration"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_added_is_refused_with_a_reason(
    tapgate, config, words, code, said
):
    ran = tapgate("account", "add", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_no_name_is_given_twice(tapgate, config):
    tapgate("account", "add", "night")
    ran = tapgate("account", "add", "night")
    assert (ran.code, "There is an account night already" in ran.err) == (1, True)


# ------------------------------------------------------------------------- listed


def test_accounts_are_listed_and_followers_only_counted(tapgate, config, tmp_path):
    tapgate("account", "add", "night", "--kind", "desk")

    async def follow(office):
        paper = an_account(id="paper-1", source=AccountSource.FOLLOW)
        await office.journal.commit(Insert(paper))

    in_the_office(tmp_path, follow)
    listed = tapgate("account", "list", "--json").document
    assert [(each["name"], each["source"]) for each in listed] == [("night", "added")]
    assert (listed[0]["enabled"], listed[0]["person"], listed[0]["members"]) == (
        True,
        None,
        0,
    )
    out = tapgate("account", "list").out
    assert "night" in out
    assert "Following on paper: 1," in out
    assert "paper-1" not in out


def test_an_empty_list_says_how_to_begin(tapgate, config):
    ran = tapgate("account", "list")
    assert (ran.code, "`tapgate account add` adds others" in ran.out) == (0, True)
    assert json.loads(tapgate("account", "list", "--json").out) == []


# ----------------------------------------------------------------------- assigned


def test_an_own_account_is_given_to_somebody(tapgate, config, tmp_path):
    tapgate("account", "add", "night")
    come(tmp_path)
    ran = tapgate("account", "assign", "night", "2")
    assert (ran.code, ran.out) == (0, "2 is in night now, as approver.\n")
    again = tapgate("account", "assign", "night", "2")
    assert (again.code, again.out) == (0, "2 was in night already, as approver.\n")
    other = tapgate("account", "assign", "night", "2", "--role", "viewer", "--json")
    assert other.document == {
        "account": "night",
        "user": 2,
        "role": "viewer",
        "changed": True,
    }


def test_a_stranger_is_not_assigned(tapgate, config):
    tapgate("account", "add", "night")
    ran = tapgate("account", "assign", "night", "77")
    assert (ran.code, "has ever written to the bot" in ran.err) == (1, True)


# --------------------------------------------------------- disabled and enabled


def test_an_account_is_disabled_and_enabled_again(tapgate, config, tmp_path):
    tapgate("account", "add", "night")
    assert tapgate("account", "disable", "night").out == "night is disabled now.\n"
    assert "night (disabled)" in tapgate("account", "list").out
    again = tapgate("account", "disable", "night", "--json").document
    assert again == {"account": "night", "enabled": False, "changed": False}
    assert tapgate("account", "enable", "night").out == "night is enabled now.\n"
    assert tapgate("account", "enable", "night").out == "night was enabled already.\n"
    added = account_of(tmp_path, "night")
    assert added is not None
    assert added.enabled


def test_an_account_with_an_open_trade_stays_enabled(tapgate, config, tmp_path):
    tapgate("account", "add", "night")

    async def trade(office):
        trade = a_trade(account_id="night", signal_id=None)
        await office.journal.commit(Insert(trade))

    in_the_office(tmp_path, trade)
    ran = tapgate("account", "disable", "night")
    assert (ran.code, "open trades (1)" in ran.err) == (1, True)
    assert "/panic night" in ran.err
