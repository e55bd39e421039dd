"""How people, requests and invites read; the words stand in ``tests/golden``."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox.html_markup import parse_html
from bot.telegram.people_cards import (
    AccountLine,
    MemberCard,
    PeoplePage,
    RequestCard,
    Requests,
)
from bot.telegram.views import inviting, membership, naming, people
from bot.telegram.views.text import TEXT_LIMIT, shown_units
from bot.telegram.views.view import View
from bot.telegram.views.welcoming import stranger_view
from core.accounts import AccountKind
from core.desk.commanding import InviteWish
from core.desk.requesting import Filing
from core.ids import AccountId, UserId
from core.users import Role
from tests.bot.telegram.golden import compare
from tests.builders import a_membership, a_user, an_account
from tests.fakes import NOON

DESK = an_account(id=AccountId("desk"), kind=AccountKind.DESK)
MINE = an_account(id=AccountId("mine"), person_id=UserId(1))
ANN, EVE = a_user(id=UserId(5), name="Ann"), a_user(id=UserId(3), name="Eve")
ASKED = int(NOON.timestamp())
NOBODY_ASKS = Requests(users=(), count=0)
TRICKY = "<b>\u202eevil\u202c</b>\n\x00 & Co"


def a_card(role: Role = Role.APPROVER, **over: Any) -> MemberCard:
    parts: dict[str, Any] = {
        "membership": a_membership(
            id="0" * 22 + "MMBR", user_id=EVE.id, account_id=DESK.id, role=role
        ),
        "user": EVE,
        "account": DESK,
        "inviter": None,
        "invited": 0,
        "hears": True,
        "myself": False,
        "taken": False,
        "now": NOON,
    }
    return MemberCard(**parts | over)


def rich_card() -> MemberCard:
    """All that can be said of somebody."""
    until = NOON + timedelta(days=7)
    row = a_membership(
        id="0" * 22 + "MMBR", user_id=EVE.id, role=Role.ADMIN, until=until
    )
    return a_card(membership=row, inviter=ANN, invited=3, hears=False)


def a_page(*cards: MemberCard, **over: Any) -> PeoplePage:
    parts: dict[str, Any] = {
        "accounts": [AccountLine(account=DESK, members=len(cards))],
        "account": DESK,
        "members": cards,
        "count": len(cards),
        "page": 0,
        "requests": NOBODY_ASKS,
    }
    return PeoplePage(**parts | over)


TWO = [AccountLine(account=DESK, members=5), AccountLine(account=MINE, members=1)]
ASK = Requests(users=[a_user(id=UserId(6), name="Sam"), EVE], count=7)


def _pages() -> Iterator[tuple[str, View]]:
    view = people.people_view
    yield "one account", view(a_page(a_card(), rich_card()))
    yield "of one account, two ask", view(a_page(a_card(), requests=ASK))
    alone = Requests(users=ASK.users[:1], count=1)
    yield "of one account, one asks", view(a_page(a_card(), requests=alone))
    yield "several accounts", view(a_page(account=None, accounts=TWO, requests=ASK))
    turned = {"accounts": TWO, "count": 20, "page": 1}
    yield "a page between others", view(a_page(a_card(), **turned))
    yield "one person's parts", view(a_page(a_card(), account=None, accounts=TWO))
    own = a_card(account=MINE, user=a_user(name="Ada"))
    yield "an own account", view(a_page(own, account=MINE))
    blocked = a_card(user=a_user(id=EVE.id, name="Eve", blocked_at=NOON))
    new = a_card(user=a_user(id=EVE.id, name="", consented_at=None))
    until = NOON + timedelta(days=1)
    paused = a_user(id=EVE.id, name="Eve", paused_until=until)
    over = a_user(id=EVE.id, name="Eve", paused_until=NOON)
    two = a_card(user=paused), a_card(user=over)
    yield "paused, and paused no more", view(a_page(*two))
    yield "blocked, and new without a name", view(a_page(blocked, new))


def test_lists_read_as_agreed():
    compare("people-lists", dict(_pages()))


def _members() -> Iterator[tuple[str, View]]:
    yield "an approver", people.member_view(a_card())
    yield "an admin with an end", people.member_view(rich_card())
    yield (
        "a viewer of a taken account",
        people.member_view(a_card(Role.VIEWER, taken=True)),
    )
    yield "an owner", people.member_view(a_card(Role.OWNER))
    yield "oneself", people.member_view(a_card(Role.ADMIN, myself=True))
    for role in (Role.VIEWER, Role.APPROVER, Role.ADMIN):
        yield f"to become {role}", people.role_question(a_card(), role, ASKED)
    yield "to be removed", people.remove_question(a_card(), "", ASKED)
    yield (
        "to be removed, something open",
        people.remove_question(a_card(), "Open trades on mine: 1.", ASKED),
    )


def test_a_member_reads_as_agreed():
    compare("people-members", dict(_members()))


def _requests() -> Iterator[tuple[str, View]]:
    def card(*accounts: Any) -> RequestCard:
        return RequestCard(
            user=EVE, asked_at=NOON, accounts=accounts, now=NOON + timedelta(days=1)
        )

    yield "to an admin of one account", inviting.request_view(card((DESK, True)))
    yield "to an admin of two", inviting.request_view(card((DESK, True), (MINE, False)))
    yield "all, one", inviting.all_question(DESK, Requests(users=(), count=1), ASKED)
    yield "all, several", inviting.all_question(DESK, ASK, ASKED)
    wish = InviteWish(
        role=Role.VIEWER, account_id=DESK.id, uses=5, lasts=timedelta(hours=72)
    )
    until, start = NOON + wish.lasts, "/start TOKEN"
    link = "https://t.me/bot?start=TOKEN"
    yield (
        "an invite",
        inviting.invite_view(DESK, wish, until=until, link=link, start=start),
    )
    yield (
        "an invite without the bot's name",
        inviting.invite_view(DESK, wish, until=until, link="", start=start),
    )
    choices = [(DESK, ".1.72.desk"), (MINE, ".1.72.mine")]
    yield "an invite, to which", inviting.invite_question(choices)


def test_requests_and_invites_read_as_agreed():
    compare("people-requests", dict(_requests()))


def _told() -> Iterator[tuple[str, View]]:
    them = {EVE.id: EVE}
    open_there = "Open trades on mine: 2, orders under way: 0."
    for filing in Filing:
        yield f"a stranger, {filing}", stranger_view(UserId(6), filing=filing)
    yield (
        "a stranger who was in",
        stranger_view(UserId(6), since="You left desk on 2026-11-24."),
    )
    yield "leaving", membership.leave_question([DESK.id], [], ASKED, owner=False)
    yield (
        "leaving, something open",
        membership.leave_question([DESK.id, MINE.id], [open_there], ASKED, owner=False),
    )
    yield "leaving as an owner", membership.leave_question([], [], ASKED, owner=True)
    yield "left", membership.left_view([DESK.id], [])
    yield "left, something open", membership.left_view([MINE.id], [open_there])
    yield "left as an owner", membership.left_view([], [])
    said = "user:3 is a viewer of desk now."
    yield "an admin did", membership.admin_did_notice(said, them, ANN)
    yield "the command line did", membership.admin_did_notice(said, {}, None)
    yield "a membership", membership.membership_notice("You are in.", them)
    yield "more ask", membership.more_ask_notice()
    yield "accepted as viewer", membership.accepted_notice(DESK, Role.VIEWER)
    yield "accepted as approver", membership.accepted_notice(DESK, Role.APPROVER)


def test_what_people_are_told_reads_as_agreed():
    compare("people-told", dict(_told()))


EVERY = [*_pages(), *_members(), *_requests(), *_told()]


@pytest.mark.parametrize(("title", "view"), EVERY, ids=[title for title, _ in EVERY])
def test_every_view_is_within_limits_and_whole(title, view):
    parse_html(view.text)
    assert shown_units(view.text) <= TEXT_LIMIT
    assert all(row for row in view.rows), title


@pytest.mark.parametrize("name", [TRICKY, "x" * 64, "عربي \u202e", ""])
def test_any_name_is_shown_safely(name):
    user = a_user(id=UserId(2**52), name=name)
    card = a_card(user=user, inviter=user)
    view = people.people_view(
        a_page(*[card] * 8, requests=Requests(users=[user], count=9))
    )
    parse_html(view.text)
    assert "\u202e" not in view.text
    assert shown_units(view.text) <= TEXT_LIMIT
    assert f"({2**52})" in view.text
    assert all(len(b.text) <= 40 for row in view.rows for b in row)


def test_the_longest_names_and_ids_fit_into_a_button():
    account = an_account(id=AccountId("a" * 32), kind=AccountKind.DESK)
    user = a_user(id=UserId(2**52))
    card = RequestCard(user=user, asked_at=NOON, accounts=[(account, True)], now=NOON)
    assert len(inviting.request_view(card).rows) == 2


def test_people_are_called_by_their_present_names():
    text = naming.with_names("user:3 let user:77 in.", {EVE.id: EVE})
    assert text == "Eve (3) let 77 in."
    assert naming.ids_in(text) == set()
    assert naming.ids_in("user:3 let user:77 in.") == {3, 77}
