"""Every state of a prompt as people see it; the words stand in ``tests/golden``."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.html_markup import parse_html
from bot.telegram.callbacks import Press, unpack
from bot.telegram.cards import PromptCard
from bot.telegram.views.outcomes import parked_row
from bot.telegram.views.prompts import WHY_LIMIT, asked_again_view, prompt_view
from bot.telegram.views.text import CAPTION_LIMIT, units
from bot.telegram.views.view import Button, View
from core.accounts import AccountKind, BrokerKind
from core.broker import TradeMode
from core.desk.reasons import REASON_FOR
from core.market import OrderType, Side, Timeframe
from core.orders import OrderState
from core.prompts import UNDECIDED, Decision, PromptState
from core.trades import CloseReason, TradeState
from tests.bot.telegram.cards import (
    LATER,
    a_card,
    a_rejection,
    closed,
    decided,
    the_order,
    the_prompt,
    the_signal,
    the_trade,
)
from tests.bot.telegram.golden import compare
from tests.builders import a_standing_rule, an_account, an_approval

S, O = PromptState, OrderState  # noqa: E741 - read as columns
RULE = a_standing_rule(id="0" * 22 + "RULE")
DECIDING = {Press.APPROVE, Press.CONFIRM, Press.REJECT, Press.BACK}
FINE = Decimal("2665.25")
NO_NUMBERS: dict[str, Any] = dict.fromkeys(
    ("price", "lots", "risk_money", "risk_percent", "reward_money", "spread")
) | {"headroom": None}


def _live() -> Any:
    return an_account(mode=TradeMode.LIVE, broker=BrokerKind.MT5, id="live1")


def _waiting() -> Iterator[tuple[str, PromptCard]]:
    yield "queued", a_card(the_prompt(state=S.QUEUED, chat_id=None, message_id=None))
    yield "sent", a_card()
    yield (
        "sent, sell",
        a_card(
            the_prompt(price=Decimal("1.08542")),
            signal=the_signal(
                side=Side.SELL,
                instrument="EURUSD",
                timeframe=Timeframe.H1,
                price=Decimal("1.08540"),
                stop_loss=Decimal("1.08710"),
                take_profit=Decimal("1.08200"),
            ),
        ),
    )
    yield (
        "sent, prices as uneven as they came",
        a_card(
            the_prompt(price=Decimal("2650.5"), spread=Decimal("0.3")),
            signal=the_signal(
                price=Decimal(2650), stop_loss=Decimal(2645), take_profit=FINE
            ),
        ),
    )
    yield "sent, limit order", a_card(signal=the_signal(order_type=OrderType.LIMIT))
    yield "sent, stop order", a_card(signal=the_signal(order_type=OrderType.STOP))
    yield (
        "sent, no stop and no target",
        a_card(
            the_prompt(risk_money=Decimal("1.08"), reward_money=None),
            signal=the_signal(stop_loss=None, take_profit=None),
        ),
    )
    yield (
        "sent, no stop",
        a_card(
            the_prompt(risk_money=Decimal("1.08")), signal=the_signal(stop_loss=None)
        ),
    )
    yield "sent, no reason given", a_card(signal=the_signal(payload="{}"))
    yield (
        "sent, a passing obstacle",
        a_card(
            the_prompt(reason="The spread is 45 points, the limit is 30.", **NO_NUMBERS)
        ),
    )
    yield "sent, live", a_card(account=_live())
    yield "sent, on a desk", a_card(account=an_account(kind=AccountKind.DESK))
    yield (
        "sent, expires on another day",
        a_card(the_prompt(expires_at=LATER + timedelta(days=2))),
    )
    yield "sent, no risk known", a_card(the_prompt(risk_money=Decimal(0)))
    yield "sent, without a chart", a_card(signal=the_signal(chart_path=None))
    yield (
        "confirming",
        a_card(the_prompt(state=S.CONFIRMING, reason="This risks 2.4 %. Confirm?")),
    )
    yield (
        "confirming, no stop",
        a_card(
            the_prompt(state=S.CONFIRMING, reason="This is real money. Confirm?"),
            signal=the_signal(stop_loss=None),
        ),
    )
    yield (
        "confirming, the price moved",
        a_card(
            the_prompt(
                state=S.CONFIRMING,
                reason="The price moved 0.3 R (165 points) against you, from 1950.50 "
                "to 1952.15: 0.13 lots now. Confirm?",
                price=Decimal("1952.15"),
                lots=Decimal("0.13"),
                drift_r=Decimal("0.30"),
                drift_points=Decimal(165),
            )
        ),
    )
    yield "snoozed", a_card(the_prompt(state=S.SNOOZED, snoozed_until=LATER))
    yield (
        "sent, approved by another, a second is wanted",
        a_card(account=an_account(kind=AccountKind.DESK), first="Bob"),
    )
    yield (
        "confirming, approved by another",
        a_card(
            the_prompt(state=S.CONFIRMING, reason="This risks 2.4 %. Confirm?"),
            first="Bob",
        ),
    )
    yield (
        "snoozed, approved by another",
        a_card(the_prompt(state=S.SNOOZED, snoozed_until=LATER), first="Bob"),
    )
    yield (
        "awaiting a second",
        a_card(
            the_prompt(state=S.AWAITING_SECOND),
            account=an_account(kind=AccountKind.DESK),
            approval=an_approval(decision=Decision.FIRST),
            first="Bob",
        ),
    )
    yield (
        "confirming, live",
        a_card(
            the_prompt(state=S.CONFIRMING, reason="This is real money. Confirm?"),
            account=_live(),
        ),
    )


def _viewed() -> Iterator[tuple[str, PromptCard]]:
    def viewed(state: PromptState = S.SENT, **over: Any) -> PromptCard:
        return a_card(the_prompt(state=state, viewer=True, **NO_NUMBERS), **over)

    yield "viewer, waiting", viewed()
    yield "viewer, expired", viewed(S.EXPIRED)
    yield "viewer, withdrawn", viewed(S.CANCELLED)
    yield "viewer, approved by others", viewed(order=the_order(O.QUEUED))
    yield "viewer, parked", viewed(order=the_order(O.PARKED))
    yield "viewer, filled", viewed(order=the_order(O.FILLED), trade=the_trade())
    told = {"viewer": True, **NO_NUMBERS}
    yield (
        "viewer, superseded, being sent",
        a_card(decided(S.SUPERSEDED, **told), order=the_order(O.SUBMITTING)),
    )
    yield (
        "viewer, superseded, closed",
        a_card(
            decided(S.SUPERSEDED, **told), order=the_order(O.FILLED), trade=closed()
        ),
    )
    yield (
        "viewer, filled, row not seen yet",
        viewed(order=the_order(O.FILLED, filled_volume=Decimal("0.18"))),
    )
    yield (
        "viewer, closed, after expiry",
        viewed(S.EXPIRED, order=the_order(O.FILLED), trade=closed()),
    )
    yield (
        "viewer, closed, risk unknown",
        viewed(order=the_order(O.FILLED), trade=closed(risk_money=Decimal(0))),
    )


def _ended() -> Iterator[tuple[str, PromptCard]]:
    rejected = decided(S.REJECTED)
    yield "rejected, reason open", a_card(rejected, approval=a_rejection())
    yield (
        "rejected, reason given",
        a_card(rejected, approval=a_rejection(reason="CPI in ten minutes <careful>")),
    )
    yield (
        "rejected, no reason wanted",
        a_card(rejected, approval=a_rejection(reason="")),
    )
    yield (
        "rejected, too late for a reason",
        a_card(rejected, approval=a_rejection(), now=LATER + REASON_FOR),
    )
    yield "rejected, decision not read", a_card(rejected)
    yield "expired", a_card(the_prompt(state=S.EXPIRED))
    yield (
        "expired, the guard fired",
        a_card(the_prompt(state=S.EXPIRED, reason="The guard fired.")),
    )
    yield "cancelled", a_card(the_prompt(state=S.CANCELLED))
    yield (
        "refused",
        a_card(
            the_prompt(
                state=S.REFUSED,
                reason="The guard of demo has fired: no entries until an admin "
                "re-arms it with /rearm.",
                **NO_NUMBERS,
            )
        ),
    )
    yield (
        "superseded, being sent",
        a_card(decided(S.SUPERSEDED), order=the_order(O.SUBMITTING)),
    )
    yield (
        "superseded, filled",
        a_card(decided(S.SUPERSEDED), order=the_order(O.FILLED), trade=the_trade()),
    )
    yield (
        "superseded by two",
        a_card(decided(S.SUPERSEDED), first="Bob", order=the_order(O.QUEUED)),
    )
    yield "superseded, decider unknown", a_card(decided(S.SUPERSEDED), decider="")


REASONS = {
    O.REJECTED: "Not enough money for this volume.",
    O.NOT_EXECUTED: "The broker never received it.",
    O.CANCELLED: "The guard fired before the order was sent.",
    O.UNKNOWN: "The broker's answer was lost; it is being looked for.",
}


def _approved() -> Iterator[tuple[str, PromptCard]]:
    prompt = decided(S.APPROVED)
    yield "approved, order not read", a_card(prompt)
    yield "approved, decider unknown", a_card(prompt, decider="")
    yield (
        "approved, moved within the limit",
        a_card(
            decided(S.APPROVED, drift_r=Decimal("0.18"), drift_points=Decimal(100)),
            order=the_order(O.QUEUED),
        ),
    )
    yield (
        "approved, moved, without a stop",
        a_card(
            decided(S.APPROVED, drift_points=Decimal(10)),
            signal=the_signal(stop_loss=None),
            order=the_order(O.QUEUED),
        ),
    )
    yield "approved by two", a_card(prompt, first="Bob", order=the_order(O.QUEUED))
    ruled = an_approval(rule_id=RULE.id, rule_number=2)
    yield (
        "approved by a standing rule",
        a_card(prompt, approval=ruled, rule=RULE, order=the_order(O.QUEUED)),
    )
    yield (
        "approved by a standing rule, filled",
        a_card(
            prompt,
            approval=ruled,
            rule=RULE,
            order=the_order(O.FILLED),
            trade=the_trade(),
        ),
    )
    yield (
        "approved by a standing rule, parked",
        a_card(prompt, approval=ruled, rule=RULE, order=the_order(O.PARKED)),
    )
    yield (
        "approved by a standing rule that is revoked",
        a_card(
            prompt,
            approval=ruled,
            rule=replace(RULE, revoked_at=LATER),
            order=the_order(O.FILLED),
            trade=the_trade(),
        ),
    )
    for state in O:
        order = the_order(
            state,
            reason=REASONS.get(state, ""),
            filled_volume=Decimal("0.18"),
            price=Decimal("1948.00"),
        )
        yield f"approved, order {state}", a_card(prompt, order=order)
    yield (
        "approved, rejected without a word",
        a_card(prompt, order=the_order(O.REJECTED)),
    )
    yield (
        "approved, withdrawn without a word",
        a_card(prompt, order=the_order(O.CANCELLED)),
    )
    filled = the_order(O.FILLED)
    yield "approved, trade open", a_card(prompt, order=filled, trade=the_trade())
    yield (
        "approved, filled in part",
        a_card(
            prompt,
            order=the_order(O.PARTIALLY_FILLED),
            trade=the_trade(volume=Decimal("0.10"), volume_open=Decimal("0.10")),
        ),
    )
    exact = the_trade(open_price=Decimal("1950.50"))
    yield "approved, filled as approved", a_card(prompt, order=filled, trade=exact)
    yield (
        "approved, filled at a better price",
        a_card(prompt, order=filled, trade=the_trade(open_price=Decimal("1950.4"))),
    )
    yield (
        "approved, filled in part, as approved",
        a_card(
            prompt,
            order=the_order(O.PARTIALLY_FILLED),
            trade=replace(
                exact,
                volume=Decimal("0.10"),
                volume_open=Decimal("0.10"),
                risk_money=Decimal("55.001"),
            ),
        ),
    )
    yield (
        "approved, half of it closed",
        a_card(
            prompt,
            order=filled,
            trade=the_trade(volume_open=Decimal("0.09"), booked=Decimal("40.13")),
        ),
    )
    yield (
        "approved, trade closing",
        a_card(prompt, order=filled, trade=the_trade(state=TradeState.CLOSING)),
    )
    for reason in CloseReason:
        yield (
            f"approved, closed: {reason}",
            a_card(prompt, order=filled, trade=closed(reason)),
        )
    yield (
        "approved, closed at a loss",
        a_card(
            prompt,
            order=filled,
            trade=closed(CloseReason.STOP, profit=Decimal("-100.98")),
        ),
    )
    yield (
        "approved, closed, had no stop",
        a_card(
            prompt,
            order=filled,
            trade=closed(stop_loss=None, risk_money=Decimal("1.08")),
        ),
    )
    yield (
        "approved, closed, nothing else known",
        a_card(
            prompt,
            trade=closed(close_reason=None, profit=None, close_price=None),
        ),
    )


GROUPS = {
    "prompts-waiting": _waiting,
    "prompts-of-viewers": _viewed,
    "prompts-ended": _ended,
    "prompts-approved": _approved,
}
CARDS = {title: card for group in GROUPS.values() for title, card in group()}


@pytest.mark.parametrize("name", GROUPS)
def test_every_state_of_a_prompt_reads_as_it_should(name):
    cards = dict(GROUPS[name]())
    compare(name, {title: prompt_view(card) for title, card in cards.items()})


def test_every_state_of_a_prompt_and_of_an_order_is_among_them():
    assert {card.prompt.state for card in CARDS.values()} == set(S)
    assert {card.order.state for card in CARDS.values() if card.order} == set(O)


def _presses(view: View) -> set[Press]:
    found = [unpack(button.data) for row in view.rows for button in row]
    return {each.press for each in found if each is not None}


@pytest.mark.parametrize("title", CARDS)
def test_only_who_may_still_decide_sees_deciding_buttons(title):
    card = CARDS[title]
    undecided = card.prompt.state in UNDECIDED and not card.prompt.viewer
    assert bool(_presses(prompt_view(card)) & DECIDING) is undecided


@pytest.mark.parametrize("title", [name for name in CARDS if "viewer" in name])
def test_a_viewer_reads_neither_lots_nor_money(title):
    shown, _ = parse_html(prompt_view(CARDS[title]).text)
    assert " lots" not in shown
    assert " USD" not in shown


@pytest.mark.parametrize("title", CARDS)
def test_a_caption_names_signal_account_and_whose_money_it_is(title):
    card = CARDS[title]
    shown, _ = parse_html(prompt_view(card).text)
    assert card.signal.instrument in shown.splitlines()[0]
    assert "#SGNL" in shown.splitlines()[0]
    money = "LIVE" if card.account.mode is TradeMode.LIVE else "DEMO"
    assert shown.splitlines()[1].startswith(f"Account {card.account.id} · {money}")


@pytest.mark.parametrize("title", CARDS)
def test_a_caption_is_markup_that_telegram_takes(title):
    view = prompt_view(CARDS[title])
    shown, _ = parse_html(view.text)
    assert units(shown) <= CAPTION_LIMIT
    assert all(row for row in view.rows)
    assert max((len(row) for row in view.rows), default=0) <= 3


def test_the_buttons_that_decide_carry_the_present_nonce():
    view = prompt_view(a_card(the_prompt(nonce="fresh")))
    buttons = [button for row in view.rows for button in row]
    deciding = [each for each in buttons if unpack(each.data).press in DECIDE]
    assert len(deciding) == 3
    assert {unpack(each.data).argument for each in deciding} == {"fresh"}


DECIDE = {Press.APPROVE, Press.REJECT, Press.SNOOZE}


def test_confirm_stands_where_neither_approve_nor_reject_stood():
    asked = prompt_view(CARDS["confirming"]).rows
    first, *_ = prompt_view(CARDS["sent"]).rows
    ((where, row),) = [
        (number, row)
        for number, row in enumerate(asked)
        if any(button.text.startswith("Confirm") for button in row)
    ]
    assert (where, len(row), len(first)) == (1, 1, 2)


def test_reject_stays_where_it_was():
    asked, first = (
        prompt_view(CARDS["confirming"]).rows,
        prompt_view(CARDS["sent"]).rows,
    )
    assert asked[0][1] == first[0][1]


@pytest.mark.parametrize("title", CARDS)
def test_all_prices_of_a_caption_have_as_many_decimals(title):
    shown, _ = parse_html(prompt_view(CARDS[title]).text)
    text = re.sub(r"#.*|[\d,.-]+ (USD|lots|of|%|R|pips)\b", "", shown)
    found = re.findall(r"(?:Entry|SL|TP|Spread|at|for|slipped) (\d+(?:\.\d+)?)", text)
    assert len({len(each.partition(".")[2]) for each in found}) == 1


def test_a_prompt_that_comes_back_leaves_a_message_without_buttons():
    view = asked_again_view(CARDS["snoozed"])
    compare("prompts-asked-again", {"asked again": view})
    assert view.rows == ()


def test_a_style_is_left_off_where_it_is_not_understood():
    button = Button(text="Adopt", data="1:ad:x", style="success")
    assert button.without_style() == Button(text="Adopt", data="1:ad:x")


def test_a_parked_order_has_the_two_answers_that_the_contract_names():
    labels = [button.text for button in parked_row(the_order(O.PARKED))]
    assert labels == ["Adopt", "Not placed"]


def _stuffed(card: PromptCard, words: str, money: Decimal) -> PromptCard:
    """The card with the longest of everything that people and brokers may write."""
    escaped = "".join(f"\\u{ord(c):04x}" for c in words if ord(c) < 0x10000)
    signal = replace(
        card.signal,
        payload=f'{{"reason":"{escaped}"}}',
        instrument="W" * 20,
        provider="p" * 32,
        price=Decimal("9999.99999999"),
    )
    prompt = replace(card.prompt, reason=words)
    if prompt.lots is not None:
        numbers = ("lots", "risk_money", "reward_money", "headroom")
        prompt = replace(prompt, **dict.fromkeys(numbers, money))
    return replace(
        card,
        prompt=prompt,
        signal=signal,
        account=replace(card.account, id="a" * 32),
        decider="<" * 64 if card.decider else "",
        first="<" * 64 if card.first else "",
        order=card.order and replace(card.order, reason=words),
        approval=card.approval and replace(card.approval, reason=words[:500]),
    )


def _fits(card: PromptCard) -> bool:
    shown, _ = parse_html(prompt_view(card).text)
    return units(shown) <= CAPTION_LIMIT and f"Account {'a' * 32}" in shown


@pytest.mark.parametrize("words", ["x" * 700, "<&> " * 200, "\u91d1 " * 400])
@pytest.mark.parametrize("title", CARDS)
def test_a_caption_fits_at_its_fullest(title, words):
    assert _fits(_stuffed(CARDS[title], words, Decimal("999999999999.99")))


@settings(max_examples=100)
@given(
    st.sampled_from(list(CARDS.values())),
    st.text(st.characters(), max_size=700),
    st.decimals(0, 10**12, places=2, allow_nan=False, allow_infinity=False),
)
def test_a_caption_fits_whatever_was_written(card, words, money):
    assert _fits(_stuffed(card, words, money))


def test_a_long_reason_of_a_person_takes_the_place_of_the_providers():
    card = _stuffed(
        a_card(decided(S.REJECTED), approval=a_rejection()),
        "because " * 90,
        Decimal("999999999999.99"),
    )
    shown, _ = parse_html(prompt_view(card).text)
    said, given = shown.splitlines()[-2:]
    assert said.startswith("because ")
    assert said.endswith("…")
    assert len(said) < WHY_LIMIT - 50
    assert given.count("because") == 62
