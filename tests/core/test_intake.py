from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.ids import UserId
from core.intake import (
    Draft,
    IntakeRules,
    content_hash,
    problems,
    target_problems,
)
from core.market import OrderType, Side, Timeframe
from core.signals import Action, SignalStatus, Source
from tests.builders import a_provider, a_signal

RULES = IntakeRules(
    instruments=("XAUUSD", "EURUSD"),
    require_stop_loss=True,
    expires_after=timedelta(minutes=15),
)
GOOD = Draft(
    external_id="gold-1",
    instrument="XAUUSD",
    side=Side.BUY,
    price=Decimal("1950.50"),
    stop_loss=Decimal("1945.00"),
    take_profit=Decimal("1965.00"),
)


def found(draft: Draft, *, rules=RULES, provider=None, wrong=()) -> dict[str, str]:
    found = problems(draft, provider=provider or a_provider(), rules=rules, wrong=wrong)
    return {each.field: each.message for each in found}


def test_a_good_signal_has_no_problems():
    assert found(GOOD) == {}


def test_every_missing_field_is_named_at_once():
    assert set(found(Draft())) == {
        "external_id",
        "instrument",
        "side",
        "price",
        "stop_loss",
    }


def test_a_field_of_a_wrong_type_is_complained_of_only_once():
    assert found(replace(GOOD, price=None), wrong=("price",)) == {}


def test_an_action_of_a_wrong_type_hides_the_rules_of_actions():
    draft = Draft(action=None, external_id="a")
    assert found(draft, wrong=("action",)) == {}


def test_a_stop_is_optional_where_the_instance_says_so():
    rules = replace(RULES, require_stop_loss=False)
    assert found(replace(GOOD, stop_loss=None), rules=rules) == {}


def test_lowercase_is_refused_with_the_hint():
    message = found(replace(GOOD, instrument="xauusd"))["instrument"]
    assert message == "must be in capitals: did you mean XAUUSD?"


@pytest.mark.parametrize("name", ["X", "XAU-USD", "X" * 21, ""])
def test_a_name_that_is_none_is_refused(name):
    assert (
        "must be 2 to 20 of A-Z, 0-9 and _"
        in (found(replace(GOOD, instrument=name))["instrument"])
    )


def test_an_instrument_outside_the_whitelist_is_refused_with_the_known_ones():
    message = found(replace(GOOD, instrument="BTCUSD"))["instrument"]
    assert message == "BTCUSD is not traded here; known: XAUUSD, EURUSD"


def test_a_provider_with_a_list_may_send_only_that():
    message = found(GOOD, provider=a_provider(instruments=("EURUSD",)))["instrument"]
    assert message == "XAUUSD is not among yours; yours: EURUSD"


def test_a_provider_with_a_list_may_send_what_is_on_it():
    assert found(GOOD, provider=a_provider(instruments=("XAUUSD",))) == {}


@pytest.mark.parametrize(
    ("side", "stop", "target", "wrong"),
    [
        (Side.BUY, "1950.50", "1965", {"stop_loss"}),
        (Side.BUY, "1951", "1950", {"stop_loss", "take_profit"}),
        (Side.SELL, "1951", "1940", set()),
        (Side.SELL, "1945", "1950.50", {"stop_loss", "take_profit"}),
    ],
)
def test_levels_belong_on_their_side_of_the_price(side, stop, target, wrong):
    draft = replace(
        GOOD, side=side, stop_loss=Decimal(stop), take_profit=Decimal(target)
    )
    assert set(found(draft)) == wrong


def test_a_misplaced_stop_is_told_with_its_numbers():
    message = found(replace(GOOD, stop_loss=Decimal(1960)))["stop_loss"]
    assert message == "must be below the price 1950.5 of a buy, was 1960"


def test_an_open_signal_has_no_target():
    assert set(found(replace(GOOD, target="gold-0"))) == {"target"}


def test_a_cancel_needs_nothing_but_its_target():
    draft = Draft(external_id="c-1", action=Action.CANCEL, target="gold-1")
    assert found(draft) == {}


@pytest.mark.parametrize("target", [None, ""])
def test_a_cancel_without_a_target_is_refused(target):
    draft = Draft(external_id="c-1", action=Action.CANCEL, target=target)
    assert found(draft) == {"target": "is required"}


def test_content_is_the_same_whatever_its_external_id():
    assert content_hash(GOOD) == content_hash(replace(GOOD, external_id="other"))


@pytest.mark.parametrize(
    "same",
    [
        {"price": Decimal("1950.5")},
        {"price": Decimal("19505E-1")},
        {"take_profit": Decimal("1.965E+3")},
        {"payload": " {} "},
    ],
)
def test_decimals_and_payloads_are_compared_by_value(same):
    assert content_hash(GOOD) == content_hash(replace(GOOD, **same))


@pytest.mark.parametrize(
    "other",
    [
        {"action": Action.CANCEL},
        {"target": "x"},
        {"instrument": "EURUSD"},
        {"side": Side.SELL},
        {"price": Decimal("1950.51")},
        {"stop_loss": None},
        {"take_profit": None},
        {"order_type": OrderType.LIMIT},
        {"timeframe": Timeframe.H1},
        {"expires_in": 900},
        {"user_id": UserId(5)},
        {"payload": '{"a":1}'},
    ],
)
def test_every_field_is_part_of_the_content(other):
    assert content_hash(GOOD) != content_hash(replace(GOOD, **other))


def test_the_order_of_a_payloads_keys_says_nothing():
    one = replace(GOOD, payload='{"a":1,"b":2}')
    two = replace(GOOD, payload='{"b":2,"a":1}')
    assert content_hash(one) == content_hash(two)


# ------------------------------------------------------------------ what follows

UPDATE = Draft(
    external_id="u-1",
    action=Action.UPDATE,
    target="gold-1",
    stop_loss=Decimal("1948.00"),
)
CLOSE = Draft(external_id="x-1", action=Action.CLOSE, target="gold-1")


@pytest.mark.parametrize("draft", [UPDATE, CLOSE])
def test_what_follows_needs_only_its_target(draft):
    assert found(draft) == {}
    assert found(replace(draft, target=None)) == {"target": "is required"}


def test_an_update_without_a_change_asks_for_one():
    assert set(found(replace(UPDATE, stop_loss=None))) == {"stop_loss"}
    assert found(replace(UPDATE, stop_loss=None, price=Decimal(1))) == {}
    assert found(replace(UPDATE, stop_loss=None, take_profit=Decimal(1))) == {}
    assert found(replace(UPDATE, stop_loss=None), wrong=("price",)) == {}


def test_what_follows_names_no_person():
    assert set(found(replace(CLOSE, user_id=UserId(1)))) == {"user"}


def test_an_alert_may_come_without_a_name():
    alert = replace(GOOD, external_id=None, source=Source.TRADINGVIEW)
    assert found(alert) == {}


def test_an_alert_may_close_by_its_instrument():
    flat = Draft(action=Action.CLOSE, source=Source.TRADINGVIEW)
    assert found(replace(flat, instrument="XAUUSD")) == {}
    assert set(found(flat)) == {"instrument"}
    cancel = replace(flat, instrument="XAUUSD", action=Action.CANCEL)
    assert set(found(cancel)) == {"target"}


GOLD = a_signal(stop_loss=Decimal("1945.00"), take_profit=Decimal("1965.00"))
TRADED = replace(GOLD, status=SignalStatus.EXECUTED)


def unfit(draft, target=GOLD):
    return {each.field: each.message for each in target_problems(draft, target)}


def test_what_follows_must_fit_what_it_means():
    assert unfit(UPDATE) == {}
    fits = replace(UPDATE, instrument="XAUUSD", side=Side.BUY)
    assert unfit(fits) == {}
    assert set(unfit(replace(fits, instrument="EURUSD", side=Side.SELL))) == {
        "instrument",
        "side",
    }


def test_what_is_undecided_keeps_its_stops_on_their_sides():
    assert set(unfit(replace(UPDATE, stop_loss=Decimal("1950.50")))) == {"stop_loss"}
    assert set(unfit(replace(UPDATE, price=Decimal("1947.00")))) == {"stop_loss"}
    far = replace(UPDATE, stop_loss=None, take_profit=Decimal("1950.00"))
    assert set(unfit(far)) == {"take_profit"}


def test_the_stop_of_a_trade_may_pass_its_entry_but_not_its_target():
    assert unfit(replace(UPDATE, stop_loss=Decimal("1960.00")), TRADED) == {}
    beyond = unfit(replace(UPDATE, stop_loss=Decimal("1965.00")), TRADED)
    assert "above the stop loss 1965 of a buy" in beyond["take_profit"]
    short = replace(TRADED, side=Side.SELL)
    assert "below" in unfit(UPDATE, short)["take_profit"]


def test_a_trade_without_one_of_them_takes_any_other():
    bare = replace(TRADED, take_profit=None)
    assert unfit(replace(UPDATE, stop_loss=Decimal("1999.00")), bare) == {}
    bare = replace(TRADED, stop_loss=None)
    only = replace(UPDATE, stop_loss=None, take_profit=Decimal("1900.00"))
    assert unfit(only, bare) == {}


def test_what_closes_is_not_judged_by_its_levels():
    assert unfit(replace(CLOSE, stop_loss=Decimal("1999.00"))) == {}
