"""TradingView's words in ours, word by word."""

import json

import pytest

from bot.web.alert_body import NotAnAlert, parse_alert
from bot.web.alerts import as_signal
from bot.web.strict_json import Number


def read(**message):
    return as_signal(message).document


@pytest.mark.parametrize(
    ("interval", "timeframe"),
    [
        ("1", "M1"),
        ("3", "M1"),
        ("5", "M5"),
        ("15", "M15"),
        ("45", "M30"),
        ("60", "H1"),
        ("120", "H1"),
        ("240", "H4"),
        ("1440", "D1"),
        ("D", "D1"),
        ("1D", "D1"),
        ("d", "D1"),
        ("W", "W1"),
        ("1M", "W1"),
        ("30S", "M1"),
        ("100T", "M1"),
        ("10R", "M1"),
        (Number("60"), "H1"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_an_interval_is_a_timeframe(interval, timeframe):
    assert read(interval=interval)["timeframe"] == timeframe


@pytest.mark.parametrize(
    ("ticker", "instrument"),
    [("XAUUSD", "XAUUSD"), ("OANDA:XAUUSD", "XAUUSD"), (Number("1"), Number("1"))],
)
def test_a_ticker_is_an_instrument_without_its_exchange(ticker, instrument):
    assert read(ticker=ticker)["instrument"] == instrument
    assert read(symbol=ticker)["instrument"] == instrument


def test_our_own_names_go_before_tradingviews():
    document = read(instrument="EURUSD", ticker="XAUUSD", price="1.1", close="1.2")
    assert (document["instrument"], document["price"]) == ("EURUSD", "1.1")
    assert not {"ticker", "close"} & set(document)


def test_the_orders_price_goes_before_the_candles():
    message = {"strategy.order.price": "1950", "close": "1951"}
    assert as_signal(message).document["price"] == "1950"


MEANT = [
    # order, position after and before -> action, side
    ("buy", "long", "flat", None, "buy"),
    ("sell", "short", "flat", None, "sell"),
    ("BUY", "LONG", "FLAT", None, "buy"),
    ("sell", "short", "long", None, "sell"),  # turned round
    ("buy", "long", "long", None, "buy"),  # more of it
    ("sell", "flat", "long", "close", "buy"),
    ("buy", "flat", "short", "close", "sell"),
    ("sell", "flat", None, "close", "buy"),
    ("buy", "flat", None, "close", "sell"),
    (None, "flat", None, "close", None),
    (None, "flat", "long", "close", "buy"),
    ("sell", "long", "long", "close", "buy"),  # a part of a long is sold
    ("buy", "short", "short", "close", "sell"),
    (None, "long", "flat", None, "buy"),
    ("buy", None, None, None, "buy"),
    ("sell", None, "long", "close", "buy"),  # an exit, or a turn: no entry for sure
]


@pytest.mark.parametrize(("order", "position", "before", "action", "side"), MEANT)
def test_an_exit_is_a_close_and_never_an_open_to_the_other_side(
    order, position, before, action, side
):
    message = {"side": order, "market_position": position}
    message["prev_market_position"] = before
    given = {name: value for name, value in message.items() if value is not None}
    alert = as_signal(given)
    assert (alert.document.get("action"), alert.document["side"]) == (action, side)
    assert alert.problems == ()
    assert alert.partial is (position is not None and (order, position) in PARTS)
    turned = (position, before) == ("short", "long")
    assert alert.reverses == ("buy" if turned else None)


PARTS = {("sell", "long"), ("buy", "short")}


@pytest.mark.parametrize(
    ("name", "size", "action"),
    [
        ("position_size", "0", "close"),
        ("strategy.position_size", Number("0"), "close"),
        ("market_position_size", "0.0", "close"),
        ("position_size", "-2", None),
        ("position_size", "3", "close"),  # a long goes on, after a sell
        ("position_size", "much", None),
    ],
)
def test_where_the_strategy_stands_may_be_told_by_its_size(name, size, action):
    document = as_signal({"side": "sell", name: size}).document
    assert document["action"] == action


def fields(**message):
    return {problem.field: problem.message for problem in as_signal(message).problems}


def test_what_does_not_tell_an_entry_from_an_exit_is_a_problem():
    assert "is required" in fields(order_action="sell")["market_position"]
    assert "is required" in fields(action="buy", order_id="L")["market_position"]
    assert fields(order_action="sell", market_position="short") == {}
    assert fields(action="sell") == {}


def test_two_sides_are_a_problem():
    assert "which of them" in fields(side="buy", action="sell")["side"]
    assert fields(side="buy", action="BUY") == {}


def test_a_position_that_is_none_is_a_problem():
    told = fields(side="buy", market_position="sideways")
    assert "must be long, short or flat" in told["market_position"]


def test_an_exit_does_not_fail_for_what_it_does_not_need():
    alert = as_signal(
        {
            "ticker": "XAUUSD",
            "action": "sell",
            "market_position": "flat",
            "prev_market_position": "long",
            "price": "NaN",
            "stop_loss": "{{plot_0}}",
            "quantity": "2",
            "user": Number("7"),
            "interval": "100T",
            "comment": "x" * 2000,
        }
    )
    assert alert.problems == ()
    payload = alert.document.pop("payload")
    assert alert.document == {
        "action": "close",
        "instrument": "XAUUSD",
        "side": "buy",
        "timeframe": "M1",
    }
    assert payload["comment"] == "x" * 60


def test_an_exit_whose_instrument_is_open_is_still_a_problem():
    told = fields(ticker="{{ticker}}", side="sell", market_position="flat")
    assert set(told) == {"ticker"}


def test_an_exit_keeps_its_price_and_leaves_what_is_too_much():
    much = {f"key{number}": "x" * 60 for number in range(20)}
    document = read(market_position="flat", price="1950.5", payload=much)
    assert document["price"] == "1950.5"
    assert "payload" not in document
    assert "payload" not in read(market_position="flat", payload="text")


@pytest.mark.parametrize("name", ["side", "action", "order_action"])
def test_the_order_may_stand_under_three_names(name):
    message = {name: "sell", "market_position": "flat", "stop_loss": "1"}
    document = as_signal(message).document
    assert (document["action"], document["side"]) == ("close", "buy")
    assert "stop_loss" not in document


def test_a_template_that_says_open_always_does_not_open_at_an_exit():
    document = read(action="open", side="sell", market_position="flat")
    assert document["action"] == "close"


@pytest.mark.parametrize("action", ["cancel", "update", "close"])
def test_what_an_alert_asks_for_by_name_stays(action):
    assert read(action=action, market_position="flat")["action"] == action


@pytest.mark.parametrize("wrong", [{}, [], True, Number("1")])
def test_an_action_that_is_no_word_is_left_to_the_form(wrong):
    assert read(action=wrong)["action"] == wrong


@pytest.mark.parametrize("absent", ["", "NaN", "na"])
def test_a_level_that_pine_does_not_have_is_absent(absent):
    assert read(take_profit=absent)["take_profit"] is None


def test_what_else_tradingview_knows_is_kept_in_the_payload():
    document = read(
        timenow="2026-11-24T12:00:00Z",
        payload={"confidence": Number("1"), "exchange": "own"},
        exchange="OANDA",
        market_position="long",
        plot_2=Number("7"),
    )
    assert document["payload"] == {
        "timenow": "2026-11-24T12:00:00Z",
        "market_position": "long",
        "plot_2": Number("7"),
        "confidence": Number("1"),
        "exchange": "own",
    }


def test_a_payload_that_is_none_is_left_to_whoever_judges_it():
    assert read(payload="x", exchange="OANDA")["payload"] == "x"


def test_a_placeholder_that_was_not_filled_in_is_said_so():
    alert = as_signal({"price": "{{strategy.order.price}}", "side": "buy"})
    (problem,) = alert.problems
    assert problem.field == "price"
    assert "still holds {{strategy.order.price}}" in problem.message
    assert alert.document["price"] is None


# ------------------------------------------------------------------ the body


def test_a_body_is_json_whatever_it_is_called():
    assert parse_alert(b' \n{"ticker": "XAUUSD"}') == {"ticker": "XAUUSD"}


PAIRS = {"ticker": "XAUUSD", "side": "buy", "price": "1950.5", "stop_loss": "1945"}


@pytest.mark.parametrize(
    "text",
    [
        'ticker=XAUUSD; side: buy, price = 1950.5; "stop_loss": "1945"',
        'ticker=XAUUSD\nside: buy;\nprice = 1950.5,\n\n"stop_loss": "1945"\n',
    ],
    ids=["one line", "lines"],
)
def test_a_body_may_be_pairs(text):
    assert parse_alert(text.encode()) == PAIRS


def test_among_lines_a_comma_is_part_of_what_is_said():
    assert parse_alert(b"a=1\ncomment=Close, long")["comment"] == "Close, long"


def test_a_bare_nan_is_nothing():
    assert parse_alert(b'{"stop_loss": NaN, "a": "x: NaN"}') == {
        "stop_loss": None,
        "a": "x: NaN",
    }


def test_of_pairs_some_are_numbers():
    numbers = parse_alert(b"expires_in=60\nuser=7\nexternal_id=8")
    assert numbers == {
        "expires_in": Number("60"),
        "user": Number("7"),
        "external_id": "8",
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"order buy @ 1 filled on XAUUSD", "lines of name=value"),
        (b"a=1\na=2", "twice"),
        (b"\xff\xfe=1", "not UTF-8"),
        (b'{"a": 1,}', "character"),
        (b'{"a": 1, "a": 2}', "twice"),
        (json.dumps([1]).encode(), "lines of name=value"),
    ],
)
def test_what_is_no_alert_is_refused_with_what_was_expected(body, reason):
    with pytest.raises(NotAnAlert, match=reason):
        parse_alert(body)
