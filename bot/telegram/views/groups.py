"""What is read in a group: a signal with its outcome, and short answers. Pure.

Whoever is in the group reads along, so here stand chart, levels and names, never
lots, money, or what a broker or a rule says about an account.
"""

from bot.telegram.callbacks import Press, pack
from bot.telegram.posting_cards import PostingCard
from bot.telegram.views.outcomes import closed_line, filled_line, order_line
from bot.telegram.views.prompts import (
    account_line,
    countdown,
    headline,
    levels,
    places_shown,
    provider_reason,
)
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import CAPTION_LIMIT, brief, clock, safe, shown_units
from bot.telegram.views.view import Button, View
from core.groups import NO_TOPIC, GroupChat
from core.orders import OrderState
from core.prompts import UNDECIDED, PromptState
from core.trades import TradeState
from core.users import EVERY_PROVIDER

NAMES_LIMIT = 120
"""Units of the names of those who rejected."""
_UNEXECUTED = {
    OrderState.REJECTED: later("⛔ The broker refused it."),
    OrderState.NOT_EXECUTED: later("⚪ Not executed."),
    OrderState.CANCELLED: later("🚫 Not executed."),
}
"""Said without the reason, which may be about the account."""
_OVER = {
    PromptState.CANCELLED: later("🚫 Withdrawn by the provider, nothing was sent."),
    PromptState.EXPIRED: later("⌛ Expired, nothing was sent."),
}


def posting_view(posted: PostingCard) -> View:
    """The message of a signal in a group."""
    card = posted.card
    above = [headline(card), account_line(card), levels(card)]
    below = [_counted(posted), *_standing(posted)]
    room = CAPTION_LIMIT - shown_units("\n".join([*above, "", *below]))
    topic = posted.posting.topic_id
    return View(
        text="\n".join([*above, *provider_reason(card, room), *below]),
        rows=_buttons(posted),
        photo=card.signal.chart_path,
        topic=None if topic == NO_TOPIC else topic,
    )


def _counted(posted: PostingCard) -> str:
    return say("👥 Asked: {count}", count=len(posted.asked))


def _standing(posted: PostingCard) -> list[str]:
    """Where the signal stands on the account, in one or more lines."""
    card = posted.card
    state = card.prompt.state
    if state is PromptState.APPROVED:
        return [_approved(posted), *_execution(posted)]
    if state in UNDECIDED:
        return [*_rejected(posted), *_first(posted), countdown(card)]
    if state in _OVER:
        return [say(_OVER[state])]
    return _rejected(posted) or [say("⛔ Refused by a rule, nothing was sent.")]


def _approved(posted: PostingCard) -> str:
    card = posted.card
    at, name = clock(card.prompt.decided_at), safe(card.decider)
    if card.first:
        return say(
            "✅ Approved by {first} and {name} · {at}",
            first=safe(card.first),
            name=name,
            at=at,
        )
    if name:
        return say("✅ Approved by {name} · {at}", name=name, at=at)
    return say("✅ Approved · {at}", at=at)


def _first(posted: PostingCard) -> list[str]:
    """Somebody has approved, and that is not enough."""
    if not posted.card.first:
        return []
    return [
        say(
            "✋ Approved by {name}. A second, different person must approve too.",
            name=safe(posted.card.first),
        )
    ]


def _rejected(posted: PostingCard) -> list[str]:
    if not posted.rejecters:
        return []
    names = brief(", ".join(posted.rejecters), NAMES_LIMIT)
    return [say("✖ Rejected by {names}", names=names)]


def _execution(posted: PostingCard) -> list[str]:
    """What the broker made of an approval."""
    card, least = posted.card, places_shown(posted.card)
    trade, order = card.trade, card.order
    if trade is not None:
        lines = [filled_line(trade, lots=False, least=least)]
        if trade.state is TradeState.CLOSED:
            lines.append(closed_line(trade, "", least=least))
        return lines
    if order is None:
        return []
    if order.state in _UNEXECUTED:
        return [say(_UNEXECUTED[order.state])]
    return [order_line(order, lots=False, least=least)]


def _buttons(posted: PostingCard) -> tuple[tuple[Button, ...], ...]:
    if posted.card.prompt.state not in UNDECIDED:
        return ()
    nonce = posted.posting.nonce
    return (
        (
            Button(
                text=say("Approve"),
                data=pack(Press.GROUP_APPROVE, nonce),
                style="success",
            ),
            Button(
                text=say("Reject"), data=pack(Press.GROUP_REJECT, nonce), style="danger"
            ),
        ),
        (Button(text=say("Details"), data=pack(Press.GROUP_DETAILS, nonce)),),
    )


# ------------------------------------------------------------------ answers
def shown_here_view(group: GroupChat) -> View:
    """The answer to /here."""
    account = safe(group.account_id)
    if group.provider == EVERY_PROVIDER:
        text = say(
            "Signals for {account} are shown here from now on, without lots or money. "
            "Only those who may decide can tap. /gone ends it.",
            account=account,
        )
    else:
        text = say(
            "Signals of {provider} for {account} are shown here from now on, without "
            "lots or money. Only those who may decide can tap. /gone ends it.",
            provider=safe(group.provider),
            account=account,
        )
    return View(text=text)


def no_more_view() -> View:
    """The answer to /gone."""
    return View(text=say("No more signals are shown here. /here begins again."))


def in_a_group_view() -> View:
    """The answer to both in a person's own chat."""
    text = say(
        "Signals can be shown in a group: add the bot there, then send /here ACCOUNT "
        "or /here ACCOUNT PROVIDER in the group, or in the topic that is meant. /gone "
        "there ends it."
    )
    return View(text=text)


def in_private_view(username: str) -> View:
    """The answer to any other command in a group."""
    if not username:
        return View(text=say("Write to me in your own chat with me, not in a group."))
    text = say("Write to me in private: https://t.me/{name}", name=safe(username))
    return View(text=text)


def anonymous_view() -> View:
    """The answer to an admin of the group who writes in the group's name."""
    text = say(
        "You write in the group's name, so nobody can see who you are. Turn off Remain "
        "anonymous in your admin rights, and send it again."
    )
    return View(text=text)
