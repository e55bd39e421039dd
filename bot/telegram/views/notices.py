"""What the bot tells unasked: text views. Pure."""

from bot.telegram.views.outcomes import (
    MODES,
    REASON_LIMIT,
    SIDES,
    closed_line,
    filled_line,
    in_hand_row,
    parked_row,
    risk_line,
)
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import (
    brief,
    clock,
    money,
    number,
    safe,
    told,
)
from bot.telegram.views.view import View
from core.accounts import Account, GuardState
from core.ids import short
from core.messages import NoticeKind
from core.money import plain
from core.orders import EVER_FILLED, IN_DOUBT, LIVE, Cause, Order, OrderKind
from core.trades import Trade
from core.users import Role, User


def guard_notice(
    kind: NoticeKind,
    account: Account,
    guard: GuardState,
    detail: str,
    *,
    by: str = "",
    viewer: bool = False,
) -> View:
    """A word from the guard of an account; a viewer reads no money.

    ``by`` is who fired or re-armed it; nobody, where it was the guard itself.
    """
    said, money, then = _guard_words(kind, account, guard, detail, by)
    lines = [said, "" if viewer else money, then]
    return View(text="\n".join(line for line in lines if line))


def _guard_words(
    kind: NoticeKind, account: Account, guard: GuardState, detail: str, by: str
) -> tuple[str, str, str]:
    """What is said, the money behind it, and what follows."""
    name, currency = safe(account.id), account.currency
    held = money(guard.equity, currency)
    equity = say("Equity {equity}", equity=held)
    match kind:
        case NoticeKind.GUARD_WARNING:
            peak = money(guard.peak, currency)
            return (
                say(
                    "⚠ <b>{name}</b>: {percent} % of the way to the guard's limit.",
                    name=name,
                    percent=detail,
                ),
                say("Equity {equity} · peak {peak}", equity=held, peak=peak),
                "",
            )
        case NoticeKind.GUARD_FIRED:
            return _fired(account, guard, by)
        case NoticeKind.GUARD_FLAT:
            return (
                say(
                    "🔒 <b>{name} is flat.</b> Looked twice: nothing that the guard "
                    "watches is open.",
                    name=name,
                ),
                equity,
                say("No entries until an admin sends /rearm {name} REASON.", name=name),
            )
        case NoticeKind.GUARD_REARMED:
            reason = brief(guard.rearm_reason, REASON_LIMIT)
            said = say(_whose(_REARMED, by), name=name, by=safe(by), reason=reason)
            peak = money(guard.peak, currency)
            return (
                said.rstrip(),
                say("The guard counts from {peak} now.", peak=peak),
                "",
            )
        case NoticeKind.GUARD_BLIND:
            return _blind(name, guard), "", ""
        case _:
            return say("🟢 <b>{name} is seen again.</b>", name=name), equity, ""


COMMAND_LINE = "from the command line"
"""Stands in the place of a name."""
_REARMED = (
    later("🟢 <b>{name} is armed again.</b> {reason}"),
    later("🟢 <b>{name} is armed again.</b> Re-armed from the command line: {reason}"),
    later("🟢 <b>{name} is armed again.</b> Re-armed by {by}: {reason}"),
)
_FIRED = (
    later("🛑 <b>The guard of {name} fired.</b>"),
    later("🛑 <b>The guard of {name} was fired from the command line.</b>"),
    later("🛑 <b>The guard of {name} was fired by {by}.</b>"),
)


def _whose(messages: tuple[str, str, str], by: str) -> str:
    """What is said when nobody is named, at the command line, and of a person."""
    nobodys, shells, persons = messages
    if not by:
        return nobodys
    return shells if by == COMMAND_LINE else persons


def _fired(account: Account, guard: GuardState, by: str) -> tuple[str, str, str]:
    """The row is read late: it may be armed again by now, and the reason gone."""
    said = say(_whose(_FIRED, by), name=safe(account.id), by=safe(by))
    then = say(
        "Peak {peak} · equity {equity} at {at}",
        peak=number(guard.trigger_peak or guard.peak),
        equity=money(guard.trigger_equity or guard.equity, account.currency),
        at=clock(guard.triggered_at),
    )
    return (
        f"{said}\n{told(guard.reason)}".rstrip(),
        then,
        say("Open prompts ended, every position that it watches is being closed."),
    )


def _blind(name: str, guard: GuardState) -> str:
    """Likewise: the account may be seen again by now."""
    if guard.blind_since is None:
        return say(
            "⚪ <b>{name} could not be seen for a while</b> and is seen again.",
            name=name,
        )
    return say(
        "⚪ <b>{name} cannot be seen</b> since {since}. No entries, and the guard "
        "cannot judge. Check the terminal and its connection.",
        name=name,
        since=clock(guard.blind_since),
    )


def trade_notice(
    trade: Trade, account: Account, order: Order | None = None, *, viewer: bool = False
) -> View:
    """A trade was opened or closed without a tap that shows it.

    ``order`` is the one that opened it. A viewer reads neither lots nor money.
    """
    head = say(
        "<b>{side} {instrument}</b> · {account} · <b>{mode}</b> · {signal}",
        side=say(SIDES[trade.side]),
        instrument=safe(trade.instrument),
        account=safe(account.id),
        mode=say(MODES[account.mode]),
        signal=short(trade.signal_id or trade.id),
    )
    currency = "" if viewer else account.currency
    ruled = order is not None and order.cause is Cause.STANDING
    by = say("Ordered by a standing rule.") if ruled else ""
    if trade.profit is not None:
        lines = [head, closed_line(trade, currency), by]
        return View(text="\n".join(line for line in lines if line))
    risk = risk_line(trade, order, currency) if currency else ""
    lines = [head, filled_line(trade, order, lots=not viewer), risk, by]
    return View(
        text="\n".join(line for line in lines if line),
        rows=() if viewer else in_hand_row(trade),
    )


_WISHES = {
    OrderKind.OPEN: later("Opening"),
    OrderKind.CLOSE: later("Closing"),
    OrderKind.CANCEL: later("Withdrawing"),
    OrderKind.MODIFY: later("Moving the stop of"),
}
_ASKED = {
    OrderKind.OPEN: later("is the position there?"),
    OrderKind.CLOSE: later("is the position gone, or smaller by so much?"),
    OrderKind.CANCEL: later("is the order gone?"),
    OrderKind.MODIFY: later("is its stop where it was wanted?"),
}


def order_notice(order: Order) -> View:
    """An order that failed, or was in doubt; the row is read when it is told."""
    head = say(
        "<b>{wish} {instrument}</b> · {account} · {order}",
        wish=say(_WISHES[order.kind]),
        instrument=safe(order.instrument),
        account=safe(order.account_id),
        order=short(order.id),
    )
    if order.state in EVER_FILLED:
        return View(text=f"✅ {head}\n{say('Done: the broker executed it.')}")
    reason = told(order.reason, REASON_LIMIT)
    if order.state in _ON_ITS_WAY:
        return View(text=f"❔ {head}\n{reason}".rstrip())
    not_done = say("Not done: {reason}", reason=reason or say("No reason was given."))
    return View(text=f"⛔ {head}\n{not_done}")


_ON_ITS_WAY = LIVE | IN_DOUBT


def parked_notice(order: Order) -> View:
    """The question about an order whose outcome nobody can prove."""
    return View(
        text=say(
            "❔ <b>Outcome unknown, do not repeat it by hand.</b>\n"
            "{wish}: {side} {lots} lots {instrument} on {account} · {order}\n"
            "Look into the terminal: {question} Yes is <b>Adopt</b>, no is <b>Not "
            "placed</b>. The account takes no entries until somebody answers.",
            wish=say(_WISHES[order.kind]),
            side=say(SIDES[order.side]),
            lots=plain(order.volume),
            instrument=safe(order.instrument),
            account=safe(order.account_id),
            order=short(order.id),
            question=say(_ASKED[order.kind]),
        ),
        rows=(parked_row(order),),
    )


def joined_notice(user: User, detail: str) -> View:
    """Somebody used an invite; ``detail`` says as what, and of which account."""
    role, _, account = detail.partition(" of ")
    return View(
        text=say(
            "👋 {name} ({id}) joined as {role} of {account}.",
            name=safe(user.name),
            id=user.id,
            role=say(_ROLES_BY_NAME.get(role, role)),
            account=safe(account),
        )
    )


ROLES = {
    Role.VIEWER: later("viewer"),
    Role.APPROVER: later("approver"),
    Role.ADMIN: later("admin"),
    Role.OWNER: later("owner"),
}
"""What somebody is of an account."""
_ROLES_BY_NAME = {role.value: word for role, word in ROLES.items()}


def late_command_notice(command: str) -> View:
    """A command that came while nobody could carry it out."""
    return View(
        text=say(
            "⏱ <b>{command} was not carried out.</b> It was sent a while ago, and much "
            "may have changed since. Send it once more if you still want it.",
            command=brief(command, 33),
        )
    )
