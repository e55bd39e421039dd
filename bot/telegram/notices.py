"""What the bot tells unasked, and the answers to commands: text views. Pure."""

from collections.abc import Sequence

from bot.telegram.callbacks import Press, pack
from bot.telegram.cards import AccountCard, PromptCard
from bot.telegram.text import clock, number, price, safe, signed
from bot.telegram.views import (
    MODES,
    SIDES,
    Button,
    View,
    closed_line,
    filled_line,
    parked_row,
)
from core.accounts import FIRED, Account, GuardPhase, GuardScope, GuardState
from core.desk.tools import Consent
from core.guard import drawdown_percent
from core.ids import UserId, short
from core.messages import NoticeKind
from core.money import plain
from core.orders import Order, OrderKind
from core.trades import Trade
from core.users import Membership, Role, User

PHASES = {
    GuardPhase.ARMED: "🟢 armed",
    GuardPhase.BLIND: "⚪ blind: no entries",
    GuardPhase.TRIGGERED: "🔴 fired",
    GuardPhase.CLOSING: "🔴 closing",
    GuardPhase.FLAT: "🔴 flat",
    GuardPhase.LOCKED: "🔒 locked: no entries until /rearm",
}


def guard_notice(
    kind: NoticeKind, account: Account, guard: GuardState, detail: str
) -> View:
    """A word from the guard of an account."""
    name = safe(account.id)
    money = f"Equity {number(guard.equity)} {account.currency}"
    match kind:
        case NoticeKind.GUARD_WARNING:
            return View(
                text=f"⚠ <b>{name}</b>: {detail} % of the way to the guard's limit.\n"
                f"{money} · peak {number(guard.peak)}"
            )
        case NoticeKind.GUARD_FIRED:
            return View(text=_fired(account, guard))
        case NoticeKind.GUARD_FLAT:
            return View(
                text=f"🔒 <b>{name} is flat.</b> Two looks in a row found nothing open "
                f"in the guard's scope.\n{money}\nNo approvals until an admin sends "
                f"/rearm {name} REASON."
            )
        case NoticeKind.GUARD_REARMED:
            return View(
                text=f"🟢 <b>{name} is armed again.</b> {safe(guard.rearm_reason)}\n"
                f"The present equity {number(guard.peak)} is the new peak."
            )
        case NoticeKind.GUARD_BLIND:
            return View(
                text=f"⚪ <b>{name} cannot be seen</b> since "
                f"{clock(guard.blind_since)}: no entries, and the guard concludes "
                "nothing. Check the terminal and its connection."
            )
        case _:
            return View(text=f"🟢 <b>{name} is seen again.</b> {money}")


def _fired(account: Account, guard: GuardState) -> str:
    equity = guard.trigger_equity or guard.equity
    peak = guard.trigger_peak or guard.peak
    return (
        f"🛑 <b>The guard of {safe(account.id)} fired.</b>\n{safe(guard.reason)}\n"
        f"Peak {number(peak)} · equity {number(equity)} {account.currency} at "
        f"{clock(guard.triggered_at)}\nOpen prompts ended, every position in scope "
        "is being closed."
    )


def trade_notice(trade: Trade, account: Account) -> View:
    """A trade was opened or closed without a tap that shows it."""
    head = f"<b>{SIDES[trade.side]} {safe(trade.instrument)}</b> · {safe(account.id)}"
    if trade.profit is None:
        return View(text=f"{head}\n{filled_line(trade)}")
    return View(text=f"{head}\n{closed_line(trade, account.currency)}")


def order_notice(order: Order) -> View:
    """An order that failed, or one that a person has to say a word about."""
    what = "close" if order.kind is OrderKind.CLOSE else "order"
    head = f"<b>{safe(order.instrument)} {what}</b> · {safe(order.account_id)}"
    return View(text=f"⛔ {head}\n{safe(order.reason)}")


def parked_notice(order: Order) -> View:
    """The question about an order whose outcome nobody can prove."""
    return View(
        text=f"❔ <b>Outcome unknown, do not repeat it by hand.</b>\n"
        f"{SIDES[order.side]} {plain(order.volume)} lots {safe(order.instrument)} on "
        f"{safe(order.account_id)} · {short(order.id)}\nLook into the terminal: is the "
        "position there? The account takes no entries until somebody answers.",
        rows=(parked_row(order),),
    )


def joined_notice(user: User, detail: str) -> View:
    """Somebody used an invite."""
    return View(text=f"👋 {safe(user.name)} ({user.id}) joined as {safe(detail)}.")


def consent_view(consent: Consent) -> View:
    """The terms, with the button that agrees to them."""
    agree = Button(
        text="I agree", data=pack(Press.AGREE, consent.version), style="success"
    )
    return View(text=f"{safe_lines(consent.text)}", rows=((agree,),))


def safe_lines(text: str) -> str:
    """A text of ours with its line breaks."""
    return "\n".join(safe(line) for line in text.strip().splitlines())


def stranger_view(user_id: UserId, *, bad_invite: bool) -> View:
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
    lines.append(
        "Signals arrive here with a chart. Approve places exactly one order, Reject "
        "places none. /help shows what else you can do."
    )
    return View(text="\n".join(lines))


def _article(role: Role) -> str:
    return "a" if role is Role.VIEWER else "an"


def positions_view(cards: Sequence[AccountCard]) -> View:
    """Open trades and waiting orders, account by account."""
    blocks = [_positions_of(card) for card in cards]
    return View(text="\n\n".join(blocks) or "You have no account here yet.")


def _positions_of(card: AccountCard) -> str:
    lines = [f"<b>{safe(card.account.id)}</b> · {MODES[card.account.mode]}"]
    lines += [_position_line(trade, card.account.currency) for trade in card.trades]
    lines += [
        f"🕓 {SIDES[order.side]} {order.order_type} {plain(order.volume)} "
        f"{safe(order.instrument)} at {price(order.price)}"
        for order in card.placed
    ]
    if len(lines) == 1:
        lines.append("Nothing is open.")
    return "\n".join(lines)


def _position_line(trade: Trade, currency: str) -> str:
    return (
        f"{SIDES[trade.side]} {plain(trade.volume_open)} {safe(trade.instrument)} "
        f"from {price(trade.open_price)}: <b>{signed(trade.floating)} {currency}</b>\n"
        f"   SL {price(trade.stop_loss)} · TP {price(trade.take_profit)}"
    )


def pending_view(cards: Sequence[PromptCard]) -> View:
    """The prompts that wait for this person."""
    if not cards:
        return View(text="Nothing waits for you.")
    lines = [
        f"{SIDES[card.signal.side]} {safe(card.signal.instrument)} on "
        f"{safe(card.account.id)} · {short(card.signal.id)} · until "
        f"{clock(card.prompt.expires_at)}"
        for card in cards
    ]
    return View(text="<b>Waiting for you</b>\n" + "\n".join(lines))


def guard_view(cards: Sequence[AccountCard]) -> View:
    """Where each guard stands and how much room is left."""
    return View(text="\n\n".join(_guard_of(card) for card in cards) or _NOTHING)


_NOTHING = "You administer no account."


def _guard_of(card: AccountCard) -> str:
    guard, rules = card.guard, card.rules
    scope = "all positions" if rules.guard_closes is GuardScope.ALL else "our positions"
    currency = card.account.currency
    loss = plain(round(drawdown_percent(guard), 2))
    lines = [
        f"<b>{safe(card.account.id)}</b> · {PHASES[guard.phase]}",
        f"Equity {number(guard.equity)} · peak {number(guard.peak)} {currency}",
        f"Drawdown {loss} % of {plain(rules.max_drawdown_percent)} %",
        f"Headroom with every stop hit {card.headroom} {currency}",
        f"At the limit it closes {scope}.",
    ]
    if guard.phase in FIRED:
        lines.insert(1, safe(guard.reason))
    return "\n".join(lines)


def status_view(cards: Sequence[AccountCard], queues: dict[str, int]) -> View:
    """The health of everything on one screen."""
    lines = ["<b>Status</b>"]
    for card in cards:
        measured = clock(card.guard.measured_at) or "never"
        lines.append(
            f"{safe(card.account.id)} · {MODES[card.account.mode]} · "
            f"{PHASES[card.guard.phase]}\n   seen {measured} · equity "
            f"{number(card.guard.equity)} {card.account.currency} · "
            f"{len(card.trades)} open, {len(card.placed)} waiting, "
            f"{len(card.parked)} unknown"
        )
    lines.append(
        "Queues: " + ", ".join(f"{name} {count}" for name, count in queues.items())
    )
    return View(text="\n".join(lines))


def close_all_question(count: int, asked: int) -> View:
    """Really everything?"""
    confirm = Button(
        text="Confirm", data=pack(Press.CLOSE_ALL, str(asked)), style="danger"
    )
    return View(
        text=f"Close all {count} open trades on your own accounts, at the market, and "
        "withdraw your waiting orders?",
        rows=((confirm, _never_mind()),),
    )


def panic_question(accounts: Sequence[Account], argument: str) -> View:
    """Really flatten and lock?"""
    names = ", ".join(safe(each.id) for each in accounts)
    confirm = Button(text="Confirm", data=pack(Press.PANIC, argument), style="danger")
    return View(
        text=f"🛑 <b>Panic on {names}</b>: open prompts end, waiting orders are "
        "withdrawn, every position in the guard's scope is closed, and nothing is "
        "ordered until somebody re-arms it. Go?",
        rows=((confirm, _never_mind()),),
    )


def _never_mind() -> Button:
    return Button(text="Back", data=pack(Press.NEVER_MIND))


def help_view(*, manages: bool) -> View:
    """The commands of this person."""
    lines = [f"/{name}: {what}" for name, what in COMMANDS.items()]
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
    "guard": "drawdown, limit and headroom",
    "panic": "flatten an account and stay out",
    "rearm": "arm a fired guard again, with a reason",
}
