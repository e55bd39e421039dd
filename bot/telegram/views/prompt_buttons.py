"""The buttons of a prompt, by where it stands. Pure.

Approve and Reject stand in the first row, and Reject stays there; Confirm stands
where neither stood, so that a double tap never meets it.
"""

from collections.abc import Callable

from bot.telegram.callbacks import REASONS, Press, pack
from bot.telegram.cards import PromptCard
from bot.telegram.views.outcomes import in_hand_row, parked_row
from bot.telegram.views.speech import say
from bot.telegram.views.text import figure, money, places, price
from bot.telegram.views.view import Button
from core.desk.reasons import REASON_FOR
from core.money import ZERO, plain
from core.orders import OrderState
from core.prompts import UNDECIDED, PromptState

Rows = tuple[tuple[Button, ...], ...]


def prompt_buttons(card: PromptCard) -> Rows:
    """The rows under a prompt; a viewer only looks."""
    draw = _ROWS.get(card.prompt.state)
    if card.prompt.viewer:
        return ((details(card),),) if card.prompt.state in UNDECIDED else ()
    return () if draw is None else draw(card)


def details(card: PromptCard) -> Button:
    """More about it: whatever becomes of the prompt, this leads there."""
    return Button(text=say("Details"), data=pack(Press.DETAILS, card.prompt.id))


def _button(card: PromptCard, text: str, press: Press, style: str = "") -> Button:
    return Button(text=text, data=pack(press, card.prompt.nonce), style=style)


def _waiting_rows(card: PromptCard) -> Rows:
    snooze = _button(card, say("Snooze"), Press.SNOOZE)
    return (_decide_row(card), (snooze, details(card)))


def _snoozed_rows(card: PromptCard) -> Rows:
    return (_decide_row(card), (details(card),))


def _confirming_rows(card: PromptCard) -> Rows:
    return (_back_row(card), (_confirm(card),))


def _half_rows(card: PromptCard) -> Rows:
    return (_back_row(card),)


def _approved_rows(card: PromptCard) -> Rows:
    return (*_parked(card), *in_hand_row(card.trade), *_revoke(card))


def _superseded_rows(card: PromptCard) -> Rows:
    return in_hand_row(card.trade)


def _decide_row(card: PromptCard) -> tuple[Button, ...]:
    lots = card.prompt.lots
    text = (
        say("Approve") if lots is None else say("Approve {lots} lots", lots=plain(lots))
    )
    return (_button(card, text, Press.APPROVE, "success"), _reject(card))


def _reject(card: PromptCard) -> Button:
    return _button(card, say("Reject"), Press.REJECT, "danger")


def _back_row(card: PromptCard) -> tuple[Button, ...]:
    return (_button(card, say("Back"), Press.BACK), _reject(card))


def _confirm(card: PromptCard) -> Button:
    return _button(card, _confirm_label(card), Press.CONFIRM, "success")


def _confirm_label(card: PromptCard) -> str:
    """What is agreed to: the new price, where that is the question, or the risk."""
    prompt = card.prompt
    if prompt.drift_r is not None:
        least = places(card.signal.price, prompt.price, card.signal.stop_loss)
        return say(
            "Confirm at {price} (+{r} R)",
            price=price(prompt.price, least),
            r=figure(prompt.drift_r),
        )
    if card.signal.stop_loss is None:
        return say("Confirm: no stop loss")
    risk = money(prompt.risk_money or ZERO, card.account.currency)
    return say("Confirm: risk {money}", money=risk)


def _reason_open(card: PromptCard) -> bool:
    """Whether a reason may still be given."""
    approval = card.approval
    if approval is None or approval.reason is not None:
        return False
    return card.now - approval.created_at < REASON_FOR


def _reason_rows(card: PromptCard) -> Rows:
    if not _reason_open(card):
        return ()
    presets = tuple(
        _button(card, say(label), press) for press, label in REASONS.items() if label
    )
    write = _button(card, say("Write a reason"), Press.WRITE)
    return (presets, (write, _button(card, say("Skip"), Press.SKIP)))


def _parked(card: PromptCard) -> Rows:
    order = card.order
    if order is None or order.state is not OrderState.PARKED:
        return ()
    return (parked_row(order),)


def _revoke(card: PromptCard) -> Rows:
    """A rule that approved, and still holds, ends with one tap."""
    rule = card.rule
    if rule is None or not rule.holds(card.now):
        return ()
    return ((Button(text=say("Revoke rule"), data=pack(Press.REVOKE, rule.id)),),)


_ROWS: dict[PromptState, Callable[[PromptCard], Rows]] = {
    PromptState.QUEUED: _waiting_rows,
    PromptState.SENT: _waiting_rows,
    PromptState.SNOOZED: _snoozed_rows,
    PromptState.CONFIRMING: _confirming_rows,
    PromptState.AWAITING_SECOND: _half_rows,
    PromptState.REJECTED: _reason_rows,
    PromptState.APPROVED: _approved_rows,
    PromptState.SUPERSEDED: _superseded_rows,
}
