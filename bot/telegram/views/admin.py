"""What admins look up and say: signals, the audit, reconciliation, broadcasts. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.telegram.admin_cards import (
    AuditLine,
    ReconciledCard,
    SignalCard,
    SignalsPage,
)
from bot.telegram.callbacks import Press, pack
from bot.telegram.views.outcomes import SIDES
from bot.telegram.views.speech import later, say, say_count
from bot.telegram.views.text import dotted, listed, price, safe, told, when
from bot.telegram.views.view import Button, View
from core.desk.broadcasting import Progress
from core.ids import short
from core.messages import Broadcast
from core.signals import Action, SignalStatus

REASON_LIMIT = 300
"""Units of a detail of the audit or a change of a reconciliation."""
_STATUSES = {
    SignalStatus.NEW: later("⏳ undecided"),
    SignalStatus.APPROVED: later("✅ approved"),
    SignalStatus.EXECUTED: later("🎯 in the market"),
    SignalStatus.CLOSED: later("🏁 closed"),
    SignalStatus.CANCELLED: later("🚫 withdrawn"),
    SignalStatus.REJECTED: later("✖ rejected"),
    SignalStatus.EXPIRED: later("⌛ expired"),
}
_ACTIONS = {
    Action.CANCEL: later("withdraws an earlier one"),
    Action.UPDATE: later("changes an earlier one"),
    Action.CLOSE: later("closes an earlier one"),
}


def signals_view(page: SignalsPage) -> View:
    """The latest signals and what people made of them."""
    whose = safe(page.wanted)
    if not page.cards:
        nothing = say("No signal came so far.")
        theirs = say("No signal of {provider} came so far.", provider=whose)
        return View(text=theirs if whose else nothing)
    head = say("<b>Latest signals</b>")
    lines = [head, *(_signal(card, page) for card in page.cards)]
    more = page.total - len(page.cards)
    if more > 0:
        lines.append(
            say_count(
                "… and {count} earlier one: tapgate export signals",
                "… and {count} earlier ones: tapgate export signals",
                more,
            )
        )
    return View(text=listed(lines))


def _signal(card: SignalCard, page: SignalsPage) -> str:
    signal = card.signal
    head = dotted(
        f"{say(SIDES[signal.side])} {safe(signal.instrument)} {price(signal.price)}",
        safe(signal.provider),
        short(signal.id),
        when(signal.created_at, now=page.now),
    )
    if signal.action is not Action.OPEN:
        return f"{head}\n   {say(_ACTIONS[signal.action])}"
    counts = card.counts
    asked = say(
        "{sent} of {all} asked: {approved} approved, {rejected} rejected, "
        "{expired} expired",
        sent=counts.prompts_sent,
        all=signal.recipients,
        approved=counts.approved,
        rejected=counts.rejected,
        expired=counts.expired,
    )
    return f"{head}\n   {dotted(say(_STATUSES[signal.status]), asked)}"


def audit_view(lines: Sequence[AuditLine], now: datetime) -> View:
    """Who did what, the latest first."""
    if not lines:
        return View(text=say("The audit has nothing of that kind."))
    head = say("<b>Audit</b>, the latest first")
    rest = say("All of it: tapgate audit export. Untouched? tapgate audit verify.")
    entries = [_entry(line, now) for line in lines]
    return View(text=listed([head, *entries, rest]))


def _entry(line: AuditLine, now: datetime) -> str:
    entry = line.entry
    at = when(entry.at, now=now)
    who = safe(line.names.get(entry.actor, entry.actor))
    what = safe(entry.action.replace("_", " "))
    about = line.names.get(entry.subject, _subject(entry.subject))
    return dotted(at, f"<b>{who}</b>", what, safe(about))


def _subject(subject: str) -> str:
    kind, _, identity = subject.partition(":")
    named = kind in ("account", "provider", "user")
    return f"{kind} {identity if named else short(identity)}" if identity else kind


def reconciled_view(cards: Sequence[ReconciledCard]) -> View:
    """What a look at each account found just now."""
    return View(text=listed([_reconciled(card) for card in cards], between="\n\n"))


def _reconciled(card: ReconciledCard) -> str:
    name = f"<b>{safe(card.account.id)}</b>"
    if not card.seen:
        said = say("⚪ cannot be seen now, so nothing was compared.")
        return dotted(name, said)
    matched = say_count(
        "🟢 {count} open trade compared with the broker",
        "🟢 {count} open trades compared with the broker",
        card.open_trades,
    )
    if not card.changes:
        return say("{compared}. Nothing differs.", compared=dotted(name, matched))
    changes = [f"· {told(change, REASON_LIMIT)}" for change in card.changes]
    return "\n".join([f"{dotted(name, matched)}:", *changes])


def broadcast_question(row: Broadcast) -> View:
    """Really tell everybody?"""
    confirm = Button(
        text=say("Confirm"), data=pack(Press.BROADCAST, row.id), style="success"
    )
    back = Button(text=say("Back"), data=pack(Press.NEVER_MIND))
    head = say_count(
        "📣 <b>Send this to {count} member?</b>",
        "📣 <b>Send this to {count} members?</b>",
        row.total,
    )
    return View(text=f"{head}\n\n{lines_of(row.text)}", rows=((back, confirm),))


def broadcast_view(row: Broadcast, progress: Progress) -> View:
    """How far it is, in the author's message."""
    done = not progress.waiting
    head = say("📣 <b>Sent</b>") if done else say("📣 <b>Being sent</b>")
    line = say("{arrived} of {total}", arrived=progress.arrived, total=progress.total)
    lost = say_count(
        "{count} could not be reached",
        "{count} could not be reached",
        progress.undelivered,
    )
    parts = [head, line, *([lost] if progress.undelivered else [])]
    refresh = Button(text=say("Refresh"), data=pack(Press.PROGRESS, row.id))
    text = f"{dotted(*parts)}\n\n{lines_of(row.text)}"
    return View(text=text, rows=() if done else ((refresh,),))


def broadcast_notice(row: Broadcast, author: str) -> View:
    """What its readers read."""
    head = say("📣 <b>From {author}</b>, an admin", author=safe(author))
    return View(text=f"{head}\n\n{lines_of(row.text)}")


def broadcast_done_notice(progress: Progress) -> View:
    """To its author."""
    if not progress.undelivered:
        said = say_count(
            "📣 Your broadcast reached its {count} reader.",
            "📣 Your broadcast reached all {count} readers.",
            progress.total,
        )
        return View(text=said)
    return View(
        text=say(
            "📣 Your broadcast reached {arrived} of {total} readers. The others have "
            "blocked the bot or are gone.",
            arrived=progress.arrived,
            total=progress.total,
        )
    )


def lines_of(text: str) -> str:
    """What an admin wrote, with its line breaks."""
    return "\n".join(safe(line) for line in text.splitlines())
