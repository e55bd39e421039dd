"""People at the command line: listed, given a role, removed and erased."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.plans import plan_of
from core.desk.accounts import keep_accounts
from core.desk.commanding import InviteWish, invite
from core.desk.joining import Person, agree, start
from core.ids import AccountId, UserId
from core.messages import NoticeKind, OutboxItem
from core.ports import Insert, Save
from core.users import Membership, Role, User
from tests.bot.offices import PAPER, office_in, write_config
from tests.builders import a_trade

TWO = {"desk": {**PAPER, "kind": "desk"}, "mine": PAPER}
BOB, EVE = 2, 3


@pytest.fixture
def crew(tmp_path):
    """Bob is an approver of both accounts, Eve views the desk; Sam asks to join."""
    write_config(tmp_path, accounts=TWO, telegram={"owners": [5]})

    async def come() -> None:
        async with office_in(tmp_path, accounts=TWO, telegram={"owners": [5]}) as here:
            tools = here.tools
            plans = [plan_of(*each) for each in here.settings.accounts.items()]
            await keep_accounts(tools, plans)
            for user, name, role, accounts in (
                (BOB, "Bob", Role.APPROVER, ("desk", "mine")),
                (EVE, "Eve", Role.VIEWER, ("desk",)),
            ):
                for account in accounts:
                    wish = InviteWish(
                        role=role,
                        account_id=AccountId(account),
                        uses=1,
                        lasts=timedelta(hours=1),
                    )
                    token = await invite(tools, wish, by=None)
                    person = Person(id=UserId(user), name=name, language="en")
                    await start(tools, person, token)
            await agree(tools, UserId(BOB), "1")
            for user, name in ((5, "Owen"), (6, "Sam")):
                person = Person(id=UserId(user), name=name, language="en")
                await start(tools, person, "")

    asyncio.run(come())


def in_the_office(tmp_path, look):
    async def work():
        async with office_in(tmp_path, accounts=TWO, telegram={"owners": [5]}) as here:
            return await look(here.tools)

    return asyncio.run(work())


def role_of(tmp_path, user: int, account: str) -> Role | None:
    async def look(tools):
        found = await tools.journal.find(
            Membership, user_id=user, account_id=AccountId(account)
        )
        return found[0].role if found else None

    return in_the_office(tmp_path, look)


# ------------------------------------------------------------------ the list


def test_people_are_listed_with_their_roles_and_who_asks(tapgate, crew):
    ran = tapgate("user", "list")
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "desk: viewer" in rows["3"]
    assert "has not agreed to the terms" in rows["3"]
    assert "has not agreed" not in rows["2"]
    assert "asks to join" in rows["6"]
    assert "owner" in rows["5"]


def test_the_list_as_json_is_one_document(tapgate, crew):
    people = {each["id"]: each for each in tapgate("user", "list", "--json").document}
    assert list(people) == [2, 3, 5, 6]
    assert {each["account"] for each in people[2]["accounts"]} == {"desk", "mine"}
    assert people[3]["accounts"] == [
        {"account": "desk", "role": "viewer", "until": None, "invited_by": None}
    ]
    assert (people[6]["asks"], people[6]["accounts"]) == (True, [])
    assert (people[2]["name"], people[2]["blocked"]) == ("Bob", False)


def test_an_empty_list_says_how_to_begin(tapgate, config):
    ran = tapgate("user", "list")
    assert (ran.code, "tapgate invite" in ran.out) == (0, True)
    assert tapgate("user", "list", "--json").document == []


def test_the_list_tells_until_when_who_let_in_whom_and_who_is_gone(
    tapgate, crew, tmp_path
):
    async def change(tools):
        (eve,) = await tools.journal.find(Membership, user_id=EVE)
        until = tools.clock.now() + timedelta(days=9)
        await tools.journal.commit(
            Save(replace(eve, until=until, invited_by=UserId(BOB)))
        )
        user = await tools.journal.get(User, BOB)
        await tools.journal.commit(Save(replace(user, blocked_at=tools.clock.now())))

    in_the_office(tmp_path, change)
    people = {each["id"]: each for each in tapgate("user", "list", "--json").document}
    assert (people[2]["invited"], people[2]["blocked"]) == (1, True)
    assert people[3]["accounts"][0]["invited_by"] == 2
    out = tapgate("user", "list").out
    assert f"desk: viewer until {people[3]['accounts'][0]['until'][:10]}" in out
    assert "blocked the bot" in out


# ------------------------------------------------------------------ roles


def test_a_role_is_given_on_the_only_account(tapgate, crew, tmp_path):
    ran = tapgate("user", "role", "3", "approver")
    assert (ran.code, ran.out) == (0, "3 has the role approver on desk now.\n")
    assert role_of(tmp_path, EVE, "desk") is Role.APPROVER


def test_a_role_is_given_on_the_account_that_is_named(tapgate, crew, tmp_path):
    ran = tapgate("user", "role", "2", "admin", "--account", "desk", "--json")
    assert ran.document == {
        "user": 2,
        "account": "desk",
        "role": "admin",
        "changed": True,
    }
    assert role_of(tmp_path, BOB, "desk") is Role.ADMIN
    assert role_of(tmp_path, BOB, "mine") is Role.APPROVER
    again = tapgate("user", "role", "2", "admin", "--account", "desk")
    assert (again.code, again.out) == (0, "2 had the role admin on desk already.\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["2", "viewer"], 1, "say which one with --account"),
        (["99", "viewer"], 1, "99 is no member of any account"),
        (["3", "viewer", "--account", "mine"], 1, "3 is no member of mine"),
        (["5", "viewer", "--account", "desk"], 1, "stands in the configuration"),
        (["3", "owner"], 2, "owner"),
        (["Eve", "viewer"], 2, "Error"),
    ],
)
def test_a_role_that_cannot_be_given_is_a_problem(tapgate, crew, words, code, said):
    ran = tapgate("user", "role", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_the_member_and_the_admins_are_told(tapgate, crew, tmp_path):
    tapgate("user", "role", "3", "approver")

    async def look(tools):
        return [
            (each.user_id, each.detail, each.subject)
            for each in await tools.journal.find(OutboxItem)
            if each.notice in (NoticeKind.ADMIN_DID, NoticeKind.MEMBERSHIP)
        ][-2:]

    told = in_the_office(tmp_path, look)
    assert [each[0] for each in told] == [EVE, 5]
    assert told[1][1:] == ("user:3 is an approver of desk now.", "cli")


# ------------------------------------------------------------------ removal


def test_somebody_is_removed_from_one_account(tapgate, crew, tmp_path):
    ran = tapgate("user", "remove", "2", "--account", "desk")
    assert (ran.code, ran.out) == (0, "2 is removed from desk and told.\n")
    assert role_of(tmp_path, BOB, "desk") is None
    assert role_of(tmp_path, BOB, "mine") is Role.APPROVER


def test_somebody_is_removed_from_all(tapgate, crew, tmp_path):
    ran = tapgate("user", "remove", "2", "--json")
    assert ran.document["accounts"] == ["desk", "mine"]
    assert ran.document["erased"] is False
    assert role_of(tmp_path, BOB, "mine") is None


def test_what_stays_open_is_said(tapgate, crew, tmp_path):
    async def trade(tools):
        await tools.journal.commit(Insert(a_trade(account_id=AccountId("mine"))))

    in_the_office(tmp_path, trade)
    assert "Open trades on mine: 1" in tapgate("user", "remove", "2").out


def test_somebody_is_erased(tapgate, crew, tmp_path):
    ran = tapgate("user", "remove", "2", "--erase")
    assert (ran.code, "the audit keeps the number" in ran.out) == (0, True)
    people = {each["id"]: each for each in tapgate("user", "list", "--json").document}
    assert (people[2]["name"], people[2]["consent_version"]) == ("", "")
    assert "(erased)" in tapgate("user", "list").out
    assert tapgate("audit", "verify").code == 0


def test_somebody_who_only_asked_is_erased_too(tapgate, crew):
    assert tapgate("user", "remove", "6", "--erase", "--json").document == {
        "user": 6,
        "accounts": [],
        "erased": True,
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["99"], 1, "99 is no member of any account"),
        (["99", "--erase"], 1, "Nobody with the id 99"),
        (["5"], 1, "5 is an owner by the configuration"),
        (["5", "--erase"], 1, "5 is an owner by the configuration"),
        (["2", "--account", "desk", "--erase"], 2, "leave --account out"),
    ],
)
def test_a_removal_that_cannot_be_is_a_problem(tapgate, crew, words, code, said):
    ran = tapgate("user", "remove", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
