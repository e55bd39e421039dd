"""What the bot tells and answers; the words stand in ``tests/golden``."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.consent import read_consent
from bot.sandbox.html_markup import parse_html
from bot.telegram.cards import AccountCard
from bot.telegram.views import answers, confirming, notices, welcoming
from bot.telegram.views.text import TEXT_LIMIT, shown_units
from bot.telegram.views.view import View
from core.accounts import GuardPhase, GuardScope, GuardState
from core.broker import TradeMode
from core.desk.aiming import Aimed
from core.desk.releasing import Released
from core.desk.tools import Consent
from core.guard import BY_HAND
from core.ids import UserId
from core.market import OrderType, Side
from core.messages import NoticeKind
from core.orders import Cause, OrderKind, OrderState
from core.trades import CloseReason, TradeState
from core.users import Role
from tests.bot.telegram.cards import (
    LATER,
    a_card,
    an_account_card,
    closed,
    the_order,
    the_prompt,
    the_signal,
    the_trade,
)
from tests.bot.telegram.golden import compare
from tests.builders import a_guard, a_membership, a_user, an_account
from tests.core.desk.world import RULES
from tests.fakes import NOON

CONSENT = Path(__file__).parents[3] / "consent"
FIRED = a_guard(
    phase=GuardPhase.CLOSING,
    peak=Decimal(10_250),
    equity=Decimal(9_640),
    reason="Drawdown from the peak is 5.9 %, the limit is 5 %.",
    triggered_at=NOON,
    trigger_equity=Decimal("9645.25"),
    trigger_peak=Decimal(10_250),
)
GUARDS = {
    NoticeKind.GUARD_WARNING: a_guard(equity=Decimal(9_500)),
    NoticeKind.GUARD_FIRED: FIRED,
    NoticeKind.GUARD_FLAT: replace(FIRED, phase=GuardPhase.FLAT),
    NoticeKind.GUARD_REARMED: a_guard(
        peak=Decimal(9_640), rearm_reason="Spread was <wild>, I looked"
    ),
    NoticeKind.GUARD_BLIND: a_guard(phase=GuardPhase.BLIND, blind_since=NOON),
    NoticeKind.GUARD_SEES: a_guard(),
}


def _of_guards() -> Iterator[tuple[str, View]]:
    account = an_account()
    for kind, guard in GUARDS.items():
        yield kind.value, notices.guard_notice(kind, account, guard, "50")
        yield (
            f"{kind.value}, to a viewer",
            notices.guard_notice(kind, account, guard, "50", viewer=True),
        )
    for kind in (NoticeKind.GUARD_FIRED, NoticeKind.GUARD_REARMED):
        guard = replace(GUARDS[kind], reason=BY_HAND)
        for by in ("Ann <3", notices.COMMAND_LINE):
            yield (
                f"{kind.value}, {by}",
                notices.guard_notice(kind, account, guard, "", by=by),
            )
    late = a_guard(triggered_at=NOON)
    for kind in (NoticeKind.GUARD_FIRED, NoticeKind.GUARD_BLIND):
        yield (
            f"{kind.value}, told when it was over",
            notices.guard_notice(kind, account, late, ""),
        )


def _of_trades() -> Iterator[tuple[str, View]]:
    account = an_account()
    for viewer in (False, True):
        to = ", to a viewer" if viewer else ""
        yield (
            f"trade opened{to}",
            notices.trade_notice(the_trade(), account, viewer=viewer),
        )
        yield (
            f"trade closed{to}",
            notices.trade_notice(closed(CloseReason.HAND), account, viewer=viewer),
        )
    live = an_account(id="live1", mode=TradeMode.LIVE)
    signal = {"signal_id": the_signal().id}
    part = the_order(OrderState.PARTIALLY_FILLED)
    tenth = {"volume": Decimal("0.10"), "volume_open": Decimal("0.10")}
    exact = the_trade(open_price=part.price, **tenth, **signal)
    yield "trade opened, live", notices.trade_notice(exact, live)
    yield "trade opened in part", notices.trade_notice(exact, live, part)
    yield (
        "trade opened in part, to a viewer",
        notices.trade_notice(exact, live, part, viewer=True),
    )
    uneven = closed(
        CloseReason.STOP, close_price=Decimal(1945), profit=Decimal(-101), **signal
    )
    yield "trade closed, live", notices.trade_notice(uneven, live)
    ruled = the_order(OrderState.FILLED, cause=Cause.STANDING)
    yield "trade opened by a rule", notices.trade_notice(exact, live, ruled)
    yield "trade closed, of a rule", notices.trade_notice(uneven, live, ruled)
    reasons = {
        OrderState.REJECTED: "The position is closed already.",
        OrderState.UNKNOWN: "The broker's answer was lost; it is being looked for.",
    }
    for kind in (OrderKind.CLOSE, OrderKind.CANCEL, OrderKind.MODIFY):
        for state in (*reasons, OrderState.FILLED, OrderState.NOT_EXECUTED):
            order = the_order(state, kind=kind, reason=reasons.get(state, ""))
            yield f"order failed: {kind}, {state}", notices.order_notice(order)
    for kind in OrderKind:
        parked = the_order(OrderState.PARKED, kind=kind, side=Side.SELL)
        yield f"order parked: {kind}", notices.parked_notice(parked)


def _of_people() -> Iterator[tuple[str, View]]:
    yield "somebody joined", notices.joined_notice(a_user(), "viewer of demo")
    yield "consent", welcoming.consent_view(read_consent(CONSENT))
    yield "agreed", welcoming.agreed_view(read_consent(CONSENT), NOON)
    yield "stranger", welcoming.stranger_view(UserId(77))
    yield "bad invite", welcoming.stranger_view(UserId(77), bad_invite=True)
    memberships = [
        a_membership(role=Role.VIEWER),
        a_membership(role=Role.ADMIN, account_id="live1"),
    ]
    yield "welcome", welcoming.welcome_view("Ada <3", memberships)
    yield "welcome, viewer", welcoming.welcome_view("Vera", memberships[:1])
    yield "help", welcoming.help_view(manages=False)
    yield "help, admin", welcoming.help_view(manages=True)
    asked = 1_795_521_600
    yield "close all, one trade", confirming.close_all_question(1, 0, 0, asked)
    yield "close all, both", confirming.close_all_question(2, 1, 0, asked)
    yield "close all, orders only", confirming.close_all_question(0, 3, 0, asked)
    yield "close all, one in doubt", confirming.close_all_question(0, 0, 1, asked)
    yield "close all, some in doubt", confirming.close_all_question(1, 0, 2, asked)
    done = {
        "nothing": Aimed(),
        "two closes": Aimed(ordered=2),
        "one on its way": Aimed(under_way=1),
        "some of all": Aimed(ordered=1, under_way=2, withdrawn=2, in_doubt=1),
    }
    for name, aimed in done.items():
        yield f"closed all, {name}", View(text=confirming.closes_said(aimed))
    both = [an_account(), an_account(id="live1")]
    yield "panic", confirming.panic_question(both, f"*@{asked}")


def _answers() -> Iterator[tuple[str, View]]:
    empty = an_account_card()
    busy = an_account_card(
        account=an_account(id="live1", mode=TradeMode.LIVE),
        trades=(
            the_trade(),
            the_trade(
                side=Side.SELL,
                instrument="EURUSD",
                state=TradeState.CLOSING,
                stop_loss=None,
                take_profit=None,
                floating=Decimal("1234.5"),
            ),
        ),
        placed=(the_order(OrderState.PLACED, order_type=OrderType.LIMIT),),
        parked=(the_order(OrderState.PARKED),),
    )
    yield "positions, no account", answers.positions_view([])
    yield "positions, nothing open", answers.positions_view([empty])
    yield "positions", answers.positions_view([empty, busy])
    yield "pending, nothing", answers.pending_view([])
    later = the_prompt(expires_at=NOON + timedelta(days=3))
    yield (
        "pending",
        answers.pending_view([a_card(), a_card(later, signal=the_signal(side="sell"))]),
    )
    few, many = Released(coming=1, left=0), Released(coming=10, left=7)
    yield "pending, what was held comes", answers.pending_view([], few)
    yield "pending, some of what was held", answers.pending_view([a_card()], many)
    yield "guard, no account", answers.guard_view([])
    ours = replace(RULES, guard_closes=GuardScope.OURS)
    yield (
        "guard",
        answers.guard_view(
            [empty, replace(busy, guard=replace(FIRED, id="live1"), rules=ours)]
        ),
    )
    for phase in GuardPhase:
        card = an_account_card(guard=a_guard(phase=phase))
        yield f"guard, {phase}", answers.guard_view([card])
    aged = {"late": timedelta(minutes=4), "unwatched": timedelta(hours=3)}
    for name, age in aged.items():
        guard = a_guard(measured_at=LATER - age)
        yield f"positions, {name}", answers.positions_view([_card_of(guard)])
        yield f"guard, {name}", answers.guard_view([_card_of(guard)])
        yield f"status, {name}", answers.status_view([_card_of(guard)], {"orders": 0})
    fired = replace(FIRED, measured_at=LATER - aged["late"], blind_since=NOON)
    yield "positions, blind", answers.positions_view([_card_of(fired)])
    yield "guard, blind and fired", answers.guard_view([_card_of(fired)])
    unseen = replace(busy, guard=a_guard(phase=GuardPhase.BLIND, measured_at=None))
    yield "status", answers.status_view([empty, unseen], {"prompts": 2, "orders": 0})
    yield (
        "status, undelivered",
        answers.status_view([empty], {"prompts": 0}, undelivered=3),
    )


def _card_of(guard: GuardState) -> AccountCard:
    return an_account_card(guard=guard)


GROUPS = {
    "notices-of-guards": _of_guards,
    "notices-of-trades": _of_trades,
    "notices-of-people": _of_people,
    "answers": _answers,
}
VIEWS = {title: view for group in GROUPS.values() for title, view in group()}


@pytest.mark.parametrize("name", GROUPS)
def test_every_notice_and_answer_reads_as_it_should(name):
    compare(name, dict(GROUPS[name]()))


@pytest.mark.parametrize("title", VIEWS)
def test_a_notice_is_markup_that_telegram_takes(title):
    shown, _ = parse_html(VIEWS[title].text)
    assert shown.strip()
    assert shown_units(VIEWS[title].text) <= TEXT_LIMIT
    assert "\n\n\n" not in shown
    assert shown == shown.strip()


@pytest.mark.parametrize("title", [name for name in VIEWS if "to a viewer" in name])
def test_a_viewer_is_told_neither_lots_nor_money(title):
    shown, _ = parse_html(VIEWS[title].text)
    assert " USD" not in shown
    assert " lots" not in shown


@pytest.mark.parametrize(("seconds", "told"), [(180, False), (181, True)])
def test_the_age_of_a_reading_is_told_when_the_guard_missed_a_few_looks(seconds, told):
    guard = a_guard(measured_at=LATER - timedelta(seconds=seconds))
    for view in (
        answers.positions_view([_card_of(guard)]),
        answers.guard_view([_card_of(guard)]),
        answers.status_view([_card_of(guard)], {}),
    ):
        assert ("Seen 3 min ago" in view.text) is told


def test_a_blind_account_is_watched_however_old_its_reading_is():
    guard = a_guard(measured_at=LATER - timedelta(days=2), blind_since=NOON)
    shown = answers.positions_view([_card_of(guard)]).text
    assert "Seen 2 d ago; it cannot be seen now." in shown
    assert "nobody" not in shown


def test_terms_that_fill_a_message_are_kept_without_the_line_about_them():
    consent = Consent(version="1", sha256="c" * 64, text="x" * TEXT_LIMIT)
    assert welcoming.agreed_view(consent, NOON) == View(text=consent.text)


def test_a_hundred_open_trades_still_fit_into_one_message():
    card = an_account_card(trades=(the_trade(),) * 100)
    shown, _ = parse_html(answers.positions_view([card, card]).text)
    assert shown_units(shown) <= TEXT_LIMIT
    assert shown.splitlines()[-1].startswith("… and ")


def test_a_hundred_waiting_prompts_still_fit_into_one_message():
    shown = answers.pending_view([a_card()] * 200).text
    assert shown_units(shown) <= TEXT_LIMIT
    assert shown.splitlines()[-1].startswith("… and ")


def test_a_hundred_accounts_still_fit_into_one_message():
    cards = [an_account_card()] * 100
    for view in (answers.guard_view(cards), answers.status_view(cards, {"orders": 1})):
        assert shown_units(view.text) <= TEXT_LIMIT
        assert view.text.splitlines()[-1].startswith("… and ")
