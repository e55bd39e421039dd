"""Requests to join and invites, as admins see them. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.telegram.callbacks import Press, pack
from bot.telegram.people_cards import RequestCard, Requests
from bot.telegram.views.naming import ROLES, Row, confirm_row, named, page_button
from bot.telegram.views.speech import say, say_count
from bot.telegram.views.text import dated, safe, when
from bot.telegram.views.view import Button, View
from core.accounts import Account
from core.desk.commanding import InviteWish
from core.ids import UserId
from core.users import Role


def request_view(card: RequestCard) -> View:
    """Somebody asks to join, and how this admin may answer."""
    text = say(
        "✋ <b>{name}</b> asks to join, since {at}. Do you know them?",
        name=named(card.user),
        at=when(card.asked_at, now=card.now),
    )
    alone = len(card.accounts) == 1
    rows = [
        _answers(card.user.id, account, decides=decides, alone=alone)
        for account, decides in card.accounts
    ]
    decline = Button(
        text=say("Decline"),
        data=pack(Press.DECLINE, str(card.user.id)),
        style="danger",
    )
    return View(text=text, rows=(*rows, (decline,)))


def _answers(user_id: UserId, account: Account, *, decides: bool, alone: bool) -> Row:
    viewer = (
        say("Accept as viewer")
        if alone
        else say("Viewer of {account}", account=account.id)
    )
    approver = (
        say("Accept as approver")
        if alone
        else say("Approver of {account}", account=account.id)
    )
    row = [Button(text=viewer, data=_answer(user_id, account, Role.VIEWER))]
    if decides:
        data = _answer(user_id, account, Role.APPROVER)
        row.append(Button(text=approver, data=data, style="success"))
    return tuple(row)


def _answer(user_id: UserId, account: Account, role: Role) -> str:
    return pack(Press.ACCEPT, f"{role}.{user_id}.{account.id}")


def all_question(account: Account, requests: Requests, asked: int) -> View:
    """Really all of them?"""
    text = say_count(
        "Accept {count} request, as viewer of {account}? They see charts and levels "
        "and decide nothing.",
        "Accept {count} requests, as viewers of {account}? They see charts and levels "
        "and decide nothing.",
        requests.count,
        account=safe(account.id),
    )
    data = pack(Press.ACCEPT_ALL_NOW, f"{account.id}@{asked}")
    back = page_button(say("Back"), 0, "")
    return View(text=text, rows=(confirm_row(data, back),))


def invite_view(
    account: Account, wish: InviteWish, *, until: datetime, link: str, start: str
) -> View:
    """The link to hand on, and the same as a message."""
    lines = [
        say(
            "✉ <b>Invite to {account}</b>, as {role}",
            account=safe(account.id),
            role=say(ROLES[wish.role]),
        ),
        say_count(
            "For {count} person, until {date}.",
            "For {count} people, until {date}.",
            wish.uses,
            date=dated(until),
        ),
        *([link] if link else []),
        say("Or send the bot: <code>{start}</code>", start=safe(start)),
    ]
    return View(text="\n".join(lines))


def invite_question(choices: Sequence[tuple[Account, str]]) -> View:
    """To which account? Each with what its button carries."""
    rows = tuple(
        (Button(text=account.id, data=pack(Press.INVITE, data)),)
        for account, data in choices
    )
    return View(text=say("To which account do you want to invite?"), rows=rows)
