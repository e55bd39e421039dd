"""What the bot tells unasked, and what newcomers read: text views. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.outcomes import (
    MODES,
    REASON_LIMIT,
    SIDES,
    closed_line,
    filled_line,
    parked_row,
    risk_line,
)
from bot.telegram.views.text import (
    TEXT_LIMIT,
    brief,
    clock,
    dated,
    number,
    safe,
    shown_units,
)
from bot.telegram.views.view import Button, View
from core.accounts import Account, GuardState
from core.desk.tools import Consent
from core.ids import UserId, short
from core.messages import NoticeKind
from core.money import plain
from core.orders import EVER_FILLED, IN_DOUBT, LIVE, Order, OrderKind
from core.trades import Trade
from core.users import Membership, Role, User


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
    equity = f"Equity {number(guard.equity)} {currency}"
    match kind:
        case NoticeKind.GUARD_WARNING:
            said = f"⚠ <b>{name}</b>: {detail} % of the way to the guard's limit."
            return said, f"{equity} · peak {number(guard.peak)} {currency}", ""
        case NoticeKind.GUARD_FIRED:
            return _fired(account, guard, by)
        case NoticeKind.GUARD_FLAT:
            said = (
                f"🔒 <b>{name} is flat.</b> Looked twice: nothing that the guard "
                "watches is open."
            )
            return (
                said,
                equity,
                f"No entries until an admin sends /rearm {name} REASON.",
            )
        case NoticeKind.GUARD_REARMED:
            reason = brief(guard.rearm_reason, REASON_LIMIT)
            whose = f" Re-armed{_by(by)}:" if by else ""
            said = f"🟢 <b>{name} is armed again.</b>{whose} {reason}".rstrip()
            return (
                said,
                f"The guard counts from {number(guard.peak)} {currency} now.",
                "",
            )
        case NoticeKind.GUARD_BLIND:
            return _blind(name, guard), "", ""
        case _:
            return f"🟢 <b>{name} is seen again.</b>", equity, ""


def _by(name: str) -> str:
    """Who did it; at the command line nobody has a name."""
    return f" by {safe(name)}" if name != COMMAND_LINE else f" {name}"


COMMAND_LINE = "from the command line"
"""Said in the place of a name."""


def _fired(account: Account, guard: GuardState, by: str) -> tuple[str, str, str]:
    """The row is read late: it may be armed again by now, and the reason gone."""
    hand = f" was fired{_by(by)}" if by else " fired"
    said = f"🛑 <b>The guard of {safe(account.id)}{hand}.</b>"
    peak = number(guard.trigger_peak or guard.peak)
    equity = number(guard.trigger_equity or guard.equity)
    at = clock(guard.triggered_at)
    return (
        f"{said}\n{safe(guard.reason)}".rstrip(),
        f"Peak {peak} · equity {equity} {account.currency} at {at}",
        "Open prompts ended, every position that it watches is being closed.",
    )


def _blind(name: str, guard: GuardState) -> str:
    """Likewise: the account may be seen again by now."""
    if guard.blind_since is None:
        return f"⚪ <b>{name} could not be seen for a while</b> and is seen again."
    return (
        f"⚪ <b>{name} cannot be seen</b> since {clock(guard.blind_since)}. No "
        "entries, and the guard cannot judge. Check the terminal and its connection."
    )


def trade_notice(
    trade: Trade, account: Account, order: Order | None = None, *, viewer: bool = False
) -> View:
    """A trade was opened or closed without a tap that shows it.

    ``order`` is the one that opened it. A viewer reads neither lots nor money.
    """
    head = (
        f"<b>{SIDES[trade.side]} {safe(trade.instrument)}</b> · {safe(account.id)} · "
        f"<b>{MODES[account.mode]}</b> · {short(trade.signal_id or trade.id)}"
    )
    currency = "" if viewer else account.currency
    if trade.profit is not None:
        return View(text=f"{head}\n{closed_line(trade, currency)}")
    risk = risk_line(trade, order, currency) if currency else ""
    lines = [head, filled_line(trade, order, lots=not viewer), risk]
    return View(text="\n".join(line for line in lines if line))


_WISHES = {
    OrderKind.OPEN: "Opening",
    OrderKind.CLOSE: "Closing",
    OrderKind.CANCEL: "Withdrawing",
}
_ASKED = {
    OrderKind.OPEN: "is the position there?",
    OrderKind.CLOSE: "is the position gone?",
    OrderKind.CANCEL: "is the order gone?",
}


def order_notice(order: Order) -> View:
    """An order that failed, or was in doubt; the row is read when it is told."""
    what = f"{_WISHES[order.kind]} {safe(order.instrument)}"
    head = f"<b>{what}</b> · {safe(order.account_id)} · {short(order.id)}"
    if order.state in EVER_FILLED:
        return View(text=f"✅ {head}\nDone: the broker executed it.")
    if order.state in _ON_ITS_WAY:
        return View(text=f"❔ {head}\n{brief(order.reason, REASON_LIMIT)}".rstrip())
    reason = brief(order.reason, REASON_LIMIT) or "No reason was given."
    return View(text=f"⛔ {head}\nNot done: {reason}")


_ON_ITS_WAY = LIVE | IN_DOUBT


def parked_notice(order: Order) -> View:
    """The question about an order whose outcome nobody can prove."""
    return View(
        text=f"❔ <b>Outcome unknown, do not repeat it by hand.</b>\n"
        f"{_WISHES[order.kind]}: {SIDES[order.side]} {plain(order.volume)} lots "
        f"{safe(order.instrument)} on {safe(order.account_id)} · {short(order.id)}\n"
        f"Look into the terminal: {_ASKED[order.kind]} Yes is <b>Adopt</b>, no is "
        "<b>Not placed</b>. The account takes no entries until somebody answers.",
        rows=(parked_row(order),),
    )


def joined_notice(user: User, detail: str) -> View:
    """Somebody used an invite."""
    return View(text=f"👋 {safe(user.name)} ({user.id}) joined as {safe(detail)}.")


def late_command_notice(command: str) -> View:
    """A command that came while nobody could carry it out."""
    return View(
        text=f"⏱ <b>{brief(command, 33)} was not carried out.</b> It was sent a while "
        "ago, and much may have changed since. Send it once more if you still want it."
    )


def consent_view(consent: Consent) -> View:
    """The terms, with the button that agrees to them."""
    agree = Button(
        text="I agree", data=pack(Press.AGREE, consent.version), style="success"
    )
    return View(text=f"{safe_lines(consent.text)}", rows=((agree,),))


def agreed_view(consent: Consent, at: datetime) -> View:
    """The same terms, to be read again whenever one likes, and when one agreed."""
    terms = safe_lines(consent.text)
    line = f"✅ You agreed to version {safe(consent.version)} · {dated(at)}"
    text = f"{terms}\n\n{line}"
    return View(text=text if shown_units(text) <= TEXT_LIMIT else terms)


def safe_lines(text: str) -> str:
    """A text of ours with its line breaks."""
    return "\n".join(safe(line) for line in text.strip().splitlines())


def stranger_view(user_id: UserId, *, bad_invite: bool = False) -> View:
    """What somebody without a membership reads."""
    head = (
        "This invite is used up or over."
        if bad_invite
        else "Tapgate asks people before a trade is made. You need an invite."
    )
    return View(
        text=f"{head}\nYour id is <code>{user_id}</code>: send it to the admin who "
        "can invite you."
    )


def welcome_view(name: str, memberships: Sequence[Membership]) -> View:
    """What a member reads after /start."""
    lines = [f"Welcome, {safe(name)}."]
    lines += [
        f"· {safe(each.account_id)}: you are {_article(each.role)} {each.role}"
        for each in memberships
    ]
    decides = any(each.role is not Role.VIEWER for each in memberships)
    lines.append(
        "Signals arrive here with a chart. Approve places exactly one order, Reject "
        "places none."
        if decides
        else "Signals arrive here with a chart; others decide on them."
    )
    lines.append("/help shows what else you can do.")
    return View(text="\n".join(lines))


def _article(role: Role) -> str:
    return "a" if role is Role.VIEWER else "an"


def help_view(*, manages: bool, unknown: str = "") -> View:
    """The commands of this person, after one that is none of them."""
    lines = [f"There is no command {brief(unknown, 33)} here."] if unknown else []
    lines += [f"/{name}: {what}" for name, what in COMMANDS.items()]
    if manages:
        lines += [f"/{name}: {what}" for name, what in ADMIN_COMMANDS.items()]
    return View(text="\n".join(lines))


COMMANDS = {
    "pending": "prompts that wait for you",
    "positions": "open trades and waiting orders",
    "closeall": "close everything on your own accounts",
    "help": "this list",
}
ADMIN_COMMANDS = {
    "status": "everything on one screen",
    "providers": "who sends signals, and what was refused",
    "guard": "drawdown, limit and headroom",
    "panic": "flatten an account and stay out: /panic ACCOUNT",
    "rearm": "arm a fired guard again: /rearm ACCOUNT REASON",
}
