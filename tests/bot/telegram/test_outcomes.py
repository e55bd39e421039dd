"""What a fill is compared with, and when its risk is known."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.telegram.views.outcomes import filled_line, risk_line
from core.ids import OrderId
from core.market import Side
from core.orders import OrderState
from core.trades import TradeState
from tests.bot.telegram.cards import the_order, the_trade

PART = the_order(OrderState.PARTIALLY_FILLED)
AS_APPROVED = the_trade(
    open_price=PART.price,
    volume=Decimal("0.10"),
    volume_open=Decimal("0.10"),
    risk_money=Decimal(55),
)


@pytest.mark.parametrize(
    ("side", "price", "said"),
    [
        (Side.BUY, "1950.75", "slipped 0.25 against you"),
        (Side.BUY, "1950.25", "slipped 0.25 in your favour"),
        (Side.SELL, "1950.75", "slipped 0.25 in your favour"),
        (Side.SELL, "1950.25", "slipped 0.25 against you"),
    ],
)
def test_a_worse_price_is_against_whoever_bought_or_sold(side, price, said):
    order = the_order(OrderState.FILLED, side=side)
    trade = the_trade(side=side, open_price=Decimal(price))
    assert said in filled_line(trade, order)


def test_the_price_of_another_order_says_nothing_about_a_fill():
    order = replace(the_order(OrderState.FILLED), id=OrderId("another"))
    assert "slipped" not in filled_line(the_trade(), order)


def test_a_part_of_what_was_approved_risks_its_part():
    said = risk_line(AS_APPROVED, PART, "USD")
    assert said == "Risk at the stop <b>55.00 USD</b>"


@pytest.mark.parametrize(
    "over",
    [
        {"open_price": Decimal("1950.55")},
        {"stop_loss": Decimal("1946.00")},
        {"state": TradeState.CLOSING},
        {"risk_money": Decimal(0)},
        {"order_id": OrderId("another")},
    ],
)
def test_a_risk_that_nobody_can_know_is_not_told(over: dict[str, Any]):
    assert risk_line(replace(AS_APPROVED, **over), PART, "USD") == ""


def test_without_a_stop_no_risk_at_the_stop_is_told():
    trade, order = (replace(each, stop_loss=None) for each in (AS_APPROVED, PART))
    assert risk_line(trade, order, "USD") == ""


@pytest.mark.parametrize("order", [None, the_order(OrderState.FILLED)])
def test_the_risk_of_what_was_filled_as_a_whole_stands_above_already(order):
    assert risk_line(AS_APPROVED, order, "USD") == ""
