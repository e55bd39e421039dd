"""Members of accounts as their admins see them, and the questions about one. Pure."""

from collections.abc import Iterator, Sequence

from bot.telegram.callbacks import Press, pack
from bot.telegram.people_cards import A_PAGE, AccountLine, MemberCard, PeoplePage
from bot.telegram.views.following import followers_line
from bot.telegram.views.naming import (
    ROLES,
    Row,
    confirm_row,
    label,
    named,
    page_button,
)
from bot.telegram.views.speech import later, say, say_count
from bot.telegram.views.text import dated, dotted, listed, safe, told
from bot.telegram.views.view import Button, View
from core.accounts import AccountKind
from core.users import Role, User

PERIODS = (7, 30, 90)
"""Days after which a membership may be made to lapse."""


def people_view(page: PeoplePage) -> View:
    """Requests first, then the accounts or the members."""
    lines, rows = _requests_of(page)
    if page.members or page.account is not None:
        lines += _members(page)
        rows += [_member_row(card, page) for card in page.members]
        rows += _turning(page)
    else:
        lines += [_account_line(each) for each in page.accounts]
        lines += [followers_line(page.followers)] if page.followers else []
        rows += [_account_row(each) for each in page.accounts]
    return View(text=listed(lines), rows=tuple(rows))


def _requests_of(page: PeoplePage) -> tuple[list[str], list[Row]]:
    requests, lines = page.requests, [say("<b>People</b>")]
    if not requests.count:
        return lines, []
    lines.append(
        say_count(
            "✋ {count} person asks to join.",
            "✋ {count} people ask to join.",
            requests.count,
        )
    )
    rows = [_request_row(user) for user in requests.users]
    if requests.count > 1:
        rows += [_all_row(each, page.accounts) for each in page.accounts]
    return lines, rows


def _request_row(user: User) -> Row:
    text = say("✋ {name}", name=label(user))
    return (Button(text=text, data=pack(Press.REQUEST, str(user.id))),)


def _all_row(line: AccountLine, every: Sequence[AccountLine]) -> Row:
    name = line.account.id
    text = (
        say("Accept all as viewers")
        if len(every) == 1
        else say("Accept all as viewers of {account}", account=name)
    )
    return (Button(text=text, data=pack(Press.ACCEPT_ALL, name)),)


def _account_line(line: AccountLine) -> str:
    return say_count(
        "· {account}: {count} member",
        "· {account}: {count} members",
        line.members,
        account=safe(line.account.id),
    )


def _account_row(line: AccountLine) -> Row:
    name = line.account.id
    return (Button(text=name, data=pack(Press.USERS, f"0.{name}")),)


def _members(page: PeoplePage) -> Iterator[str]:
    if page.account is not None:
        kind = (
            say("own account")
            if page.account.kind is AccountKind.OWN
            else say("desk account")
        )
        yield f"\n{dotted(f'<b>{safe(page.account.id)}</b>', kind)}"
    for card in page.members:
        line, account = _member_line(card), safe(card.account.id)
        whose = say("{account}: {member}", account=account, member=line)
        yield line if page.account else whose
    if page.count > len(page.members):
        yield say(
            "{first} to {last} of {count}",
            first=page.page * A_PAGE + 1,
            last=page.page * A_PAGE + len(page.members),
            count=page.count,
        )


def _member_line(card: MemberCard) -> str:
    role = say(ROLES[card.membership.role])
    return dotted(named(card.user), role, *_more(card))


def _more(card: MemberCard) -> Iterator[str]:
    """What there is to say of a member, where it is anything."""
    if card.account.person_id == card.user.id:
        yield say("decides alone")
    if card.inviter is not None:
        yield say("invited by {name}", name=named(card.inviter))
    if card.invited:
        yield say_count("let in {count} person", "let in {count} people", card.invited)
    if card.membership.until is not None:
        yield say("until {date}", date=dated(card.membership.until))
    yield from _hearing(card)


def _hearing(card: MemberCard) -> Iterator[str]:
    """Why signals do not reach a member."""
    if card.user.blocked_at is not None:
        yield say("has blocked the bot")
    elif card.user.consented_at is None:
        yield say("has not agreed to the terms")
    elif not card.hears:
        yield say("signals off")
    paused = card.user.paused_until
    if paused is not None and paused > card.now:
        yield say("paused until {date}", date=dated(paused))


def _member_row(card: MemberCard, page: PeoplePage) -> Row:
    what = card.account.id if page.account is None else say(ROLES[card.membership.role])
    text = dotted(label(card.user), what)
    return (Button(text=text, data=pack(Press.MEMBER, card.membership.id)),)


def _turning(page: PeoplePage) -> list[Row]:
    """To other pages, and back to the accounts."""
    row: list[Button] = []
    name = page.account.id if page.account else ""
    if page.page:
        row.append(page_button(say("Previous"), page.page - 1, name))
    if (page.page + 1) * A_PAGE < page.count:
        row.append(page_button(say("Next"), page.page + 1, name))
    if len(page.accounts) > 1:
        row.append(page_button(say("Accounts"), 0, ""))
    return [tuple(row)] if row else []


# ------------------------------------------------------------------ one member


def member_view(card: MemberCard) -> View:
    """A member with what may be changed, which is nothing of oneself or an owner."""
    lines = [f"<b>{safe(card.account.id)}</b>", _member_line(card)]
    back = (page_button(say("Back"), 0, card.account.id),)
    if card.membership.role is Role.OWNER:
        lines.append(say("Owners stand in the configuration and are changed there."))
        return View(text="\n".join(lines), rows=(back,))
    if card.myself:
        lines.append(say("Nobody changes their own part: ask another admin, or /stop."))
        return View(text="\n".join(lines), rows=(back,))
    return View(
        text="\n".join(lines),
        rows=(*_role_rows(card), _until_row(card), _remove_row(card), back),
    )


_MAKE = {
    Role.VIEWER: later("Make viewer"),
    Role.APPROVER: later("Make approver"),
    Role.ADMIN: later("Make admin"),
}


def _role_rows(card: MemberCard) -> tuple[Row, ...]:
    may_be = (Role.VIEWER,) if card.taken else tuple(_MAKE)
    row = tuple(
        Button(
            text=say(_MAKE[role]), data=pack(Press.ROLE, f"{role}.{card.membership.id}")
        )
        for role in may_be
        if role is not card.membership.role
    )
    return (row,) if row else ()


def _until_row(card: MemberCard) -> Row:
    row = [
        Button(
            text=say_count("For {count} day", "For {count} days", days),
            data=pack(Press.UNTIL, f"{days}.{card.membership.id}"),
        )
        for days in PERIODS
    ]
    if card.membership.until is not None:
        data = pack(Press.UNTIL, f"0.{card.membership.id}")
        row.append(Button(text=say("No end"), data=data))
    return tuple(row)


def _remove_row(card: MemberCard) -> Row:
    data = pack(Press.REMOVE, card.membership.id)
    return (Button(text=say("Remove"), data=data, style="danger"),)


_BECOMES = {
    Role.VIEWER: later("{name} becomes a viewer of {account}: no more decisions. Go?"),
    Role.APPROVER: later(
        "{name} becomes an approver of {account} and decides on its money. Go?"
    ),
    Role.ADMIN: later(
        "{name} becomes an admin of {account}: decides, invites, removes, re-arms the "
        "guard. Go?"
    ),
}


def role_question(card: MemberCard, role: Role, asked: int) -> View:
    """Really another role?"""
    text = say(_BECOMES[role], name=named(card.user), account=safe(card.account.id))
    data = pack(Press.ROLE_NOW, f"{role}.{card.membership.id}@{asked}")
    return View(text=text, rows=(confirm_row(data, _back_to(card)),))


def remove_question(card: MemberCard, remains: str, asked: int) -> View:
    """Really remove them?"""
    lines = [
        say(
            "Remove {name} from {account}? Their open prompts end, and no more signals "
            "of it reach them.",
            name=named(card.user),
            account=safe(card.account.id),
        )
    ]
    lines += [told(remains)] if remains else []
    data = pack(Press.REMOVE_NOW, f"{card.membership.id}@{asked}")
    return View(text="\n".join(lines), rows=(confirm_row(data, _back_to(card)),))


def _back_to(card: MemberCard) -> Button:
    return Button(text=say("Back"), data=pack(Press.MEMBER, card.membership.id))
