"""The document and what judges requests are held against each other, both ways."""

import json
import unicodedata
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.web import openapi_examples as examples
from bot.web import problems
from bot.web.context import WebLimits
from bot.web.openapi import openapi
from bot.web.openapi_requests import CHANGES
from bot.web.signal_form import read_signal
from bot.web.strict_json import parse_object
from core.intake import IntakeRules
from core.market import OrderType, Side, Timeframe
from core.money import plain
from core.signals import Action
from tests.bot.web.service import BODY, RULES
from tests.builders import a_provider

LIMITS = WebLimits(
    max_body_bytes=4096,
    max_payload_bytes=1024,
    timestamp_tolerance=timedelta(seconds=300),
)
DOCUMENT = openapi(RULES, LIMITS, "https://tapgate.example")
SCHEMAS = DOCUMENT["components"]["schemas"]
SHAPES = {
    Action.OPEN: "OpenSignal",
    Action.CANCEL: "CancelSignal",
    Action.UPDATE: "UpdateSignal",
    Action.CLOSE: "CloseSignal",
}
SAMPLES: dict[str, Any] = {
    "external_id": "a",
    "target": "b",
    "instrument": "XAUUSD",
    "side": "buy",
    "price": "1950.50",
    "stop_loss": "1945",
    "take_profit": "1965",
    "order_type": "limit",
    "timeframe": "H1",
    "expires_in": 60,
    "user": 1,
    "payload": {"a": 1},
}


def validator(name: str, document: dict[str, Any] = DOCUMENT) -> Any:
    """Says whether a value fits the schema of this name."""
    components = {"components": document["components"]}
    reference = {"$ref": f"#/components/schemas/{name}"}
    return jsonschema_rs.Draft202012Validator(components | reference)


FITS = {name: validator(name) for name in SCHEMAS}


def complaints(body: object, rules: IntakeRules = RULES) -> dict[str, str]:
    """What the service says against a body, by field."""
    reading = read_signal(
        parse_object(json.dumps(body).encode()),
        provider=a_provider(),
        rules=rules,
        max_payload_bytes=LIMITS.max_payload_bytes,
    )
    return {problem.field: problem.message for problem in reading.problems}


def body_of(action: Action, *names: str) -> dict[str, Any]:
    """A body with what the document requires of this action, and these fields."""
    wanted = {*SCHEMAS[SHAPES[action]]["required"], *names} - {"action"}
    return {"action": action.value} | {name: SAMPLES[name] for name in wanted}


# ---------------------------------------------------------------- the whole


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name):
    jsonschema_rs.meta.validate(SCHEMAS[name])


def test_every_kind_of_problem_is_described():
    kinds = {
        kind.uri for kind in vars(problems).values() if isinstance(kind, problems.Kind)
    }
    told = {
        uri
        for response in DOCUMENT["components"]["responses"].values()
        for uri in response["content"][problems.CONTENT_TYPE]["schema"]["allOf"][1][
            "properties"
        ]["type"]["enum"]
    }
    assert kinds == told - {"about:blank"}


def test_the_choices_of_this_instance_are_told():
    rules = replace(RULES, instruments=("US30",), require_stop_loss=False)
    limits = replace(LIMITS, max_body_bytes=5000, max_payload_bytes=2000)
    document = openapi(rules, limits, "https://other.example/")
    shape = document["components"]["schemas"]["OpenSignal"]
    assert document["servers"] == [{"url": "https://other.example"}]
    assert document["components"]["schemas"]["Instrument"]["enum"] == ["US30"]
    assert "stop_loss" not in shape["required"]
    assert "2,000 bytes" in shape["properties"]["payload"]["description"]
    assert "5,000 bytes" in document["info"]["description"]
    without = body_of(Action.OPEN) | {"instrument": "US30"}
    del without["stop_loss"]
    assert validator("Signal", document).is_valid(without)
    assert complaints(without, rules) == {}


def test_limits_are_told_where_there_are_any():
    assert "a minute" not in DOCUMENT["info"]["description"]
    limits = replace(LIMITS, rate_per_minute=1200, rate_burst=30, open_signals=1000)
    told = openapi(RULES, limits, "")["info"]["description"]
    assert "1,200 signals a minute are taken, 30 of them at once" in told
    assert "1,000 signals may be undecided" in told


# ---------------------------------------------------------------- each value


@given(st.text(st.characters(exclude_categories=("Cn", "Cs")), max_size=110))
def test_a_name_is_taken_if_the_document_allows_it(text):
    body = body_of(Action.OPEN) | {"external_id": text}
    assert FITS["Name"].is_valid(text) is ("external_id" not in complaints(body))


@pytest.mark.parametrize(
    "text", ["", "a" * 100, "a" * 101, "\n", "a\u00a0b", "\u200b", "\t", " ", "é", "🙂"]
)
def test_names_at_their_edges(text):
    body = body_of(Action.OPEN) | {"external_id": text}
    assert FITS["Name"].is_valid(text) is ("external_id" not in complaints(body))


PRICES = st.decimals(-1, 1_100_000, allow_nan=False, places=4) | st.decimals(
    0, 20_000, allow_nan=False, places=9
)


@given(PRICES.map(plain))
def test_a_price_is_taken_if_the_document_allows_it(text):
    body = body_of(Action.UPDATE) | {"price": text}
    assert FITS["Price"].is_valid(text) is ("price" not in complaints(body))


@pytest.mark.parametrize(
    "text",
    [
        *("0", "0.0", "0.00000001", "0.000000001", "9999.12345678", "12345.12345678"),
        *("12345.1234567", "123456.123456", "123456.1234567", "999999.999999"),
        *("1000000", "-1", "+1", "01", ".5", "5.", "1,5", "", "NaN", " 1", "\u0661"),
    ],
)
def test_prices_at_their_edges(text):
    body = body_of(Action.UPDATE) | {"price": text}
    assert FITS["Price"].is_valid(text) is ("price" not in complaints(body))


@pytest.mark.parametrize("number", [0, -1, 1e-8, 1, 999_999, 999_999.5, 1_000_000])
def test_prices_as_numbers(number):
    body = body_of(Action.UPDATE) | {"price": number}
    assert FITS["Price"].is_valid(number) is ("price" not in complaints(body))


@pytest.mark.parametrize("name", ["expires_in", "user"])
@pytest.mark.parametrize(
    "value", [0, 1, 604_800, 604_801, 2**52, 2**52 + 1, -1, "1", True, 1.5], ids=repr
)
def test_whole_numbers(name, value):
    body = body_of(Action.OPEN) | {name: value}
    assert FITS["Signal"].is_valid(body) is (name not in complaints(body))


@pytest.mark.parametrize(
    ("name", "words"),
    [("side", Side), ("order_type", OrderType), ("timeframe", Timeframe)],
)
def test_words(name, words: type[StrEnum]):
    for word in [*words, "Buy", "", 1, [], {}]:
        body = body_of(Action.OPEN) | {name: word}
        assert FITS["Signal"].is_valid(body) is (name not in told_of_type(body))


def told_of_type(body: object) -> dict[str, str]:
    """Complaints, but for those of where stops stand."""
    found = complaints(body)
    return {name: text for name, text in found.items() if not of_meaning(text)}


@pytest.mark.parametrize("instrument", ["XAUUSD", "xauusd", "GBPUSD", "", 1])
def test_instruments(instrument):
    body = body_of(Action.OPEN) | {"instrument": instrument}
    assert FITS["Signal"].is_valid(body) is ("instrument" not in complaints(body))


@pytest.mark.parametrize("payload", [{}, {"a": [1, None]}, [], "a", 1])
def test_payloads(payload):
    body = body_of(Action.OPEN) | {"payload": payload}
    assert FITS["Signal"].is_valid(body) is ("payload" not in complaints(body))


# ---------------------------------------------------------------- each action


def test_every_action_has_a_shape():
    named = [each["$ref"].rpartition("/")[2] for each in SCHEMAS["Signal"]["oneOf"]]
    assert sorted(named) == sorted(SHAPES[action] for action in Action)


@pytest.mark.parametrize("action", Action)
def test_what_is_required_is_enough(action):
    body = body_of(action, *(CHANGES[:1] if action is Action.UPDATE else ()))
    assert FITS["Signal"].is_valid(body)
    assert complaints(body) == {}


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (action, name)
        for action, shape in SHAPES.items()
        for name in SCHEMAS[shape]["required"]
        if name != "action"
    ],
)
@pytest.mark.parametrize("how", ["absent", "null"])
def test_what_is_required_is_demanded(action, name, how):
    body = body_of(action, "stop_loss")
    body.pop(name) if how == "absent" else body.update({name: None})
    assert not FITS["Signal"].is_valid(body)
    assert complaints(body) == {name: "is required"}


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (action, name)
        for action, shape in SHAPES.items()
        for name in SCHEMAS[shape]["properties"]
    ],
)
def test_what_is_optional_may_be_there_or_null(action, name):
    required = SCHEMAS[SHAPES[action]]["required"]
    body = body_of(action, "stop_loss") if action is Action.UPDATE else body_of(action)
    values = [action.value if name == "action" else SAMPLES[name]]
    if name not in (*required, "stop_loss"):
        values.append(None)
    for value in values:
        assert FITS["Signal"].is_valid(body | {name: value})
        assert complaints(body | {name: value}) == {}


@pytest.mark.parametrize(
    ("action", "name"),
    [(Action.OPEN, "target")]
    + [(action, "user") for action in Action if action is not Action.OPEN],
)
def test_what_another_action_has_is_refused(action, name):
    body = body_of(action, "stop_loss") | {name: SAMPLES[name]}
    assert not FITS["Signal"].is_valid(body)
    assert set(complaints(body)) == {name}


def test_an_update_changes_something():
    assert not FITS["Signal"].is_valid(body_of(Action.UPDATE))
    assert set(complaints(body_of(Action.UPDATE))) == {"stop_loss"}
    for name in CHANGES:
        body = body_of(Action.UPDATE, name)
        assert FITS["Signal"].is_valid(body)
        assert complaints(body) == {}


def test_what_nobody_knows_is_refused():
    body = body_of(Action.OPEN) | {"stoploss": 1}
    assert not FITS["Signal"].is_valid(body)
    assert set(complaints(body)) == {"stoploss"}


def of_meaning(text: str) -> bool:
    """Whether a complaint is of what no schema can say."""
    return any(part in text for part in NOT_IN_A_SCHEMA)


NOT_IN_A_SCHEMA = (
    "of a buy",
    "of a sell",
    "decimals and",  # of a number; of text the pattern says it
    "are absent too",  # such a number does not count as a change
    "bytes as compact JSON",
    "too long or too large",
)


def whole(value: Any) -> Any:
    """2.0 is an integer in JSON Schema; we want it written as one."""
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def known_here(character: str) -> bool:
    """Whether this Python's Unicode has the character; the generator's is newer."""
    return unicodedata.category(character) != "Cn"


SENT = schemathesis.openapi.from_dict(DOCUMENT)["/api/v1/signals"]["POST"]


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(SENT.as_strategy())
def test_whatever_the_document_allows_is_taken(case):
    assume(all(map(known_here, json.dumps(case.body, ensure_ascii=False))))
    assert told_of_type(whole(case.body)) == {}


# ---------------------------------------------------------------- its examples


@pytest.mark.parametrize("name", examples.SIGNALS)
def test_an_example_of_a_signal_fits(name):
    body = examples.SIGNALS[name]["value"]
    assert FITS["Signal"].is_valid(body)
    assert complaints(body) == {}


@pytest.mark.parametrize("name", examples.ALERTS)
def test_an_example_of_an_alert_fits(name):
    assert FITS["Alert"].is_valid(examples.ALERTS[name]["value"])


def test_the_example_of_a_receipt_fits():
    FITS["Receipt"].validate(examples.RECEIPT)


async def test_the_example_of_a_problem_is_what_is_answered(service):
    body = {**BODY, "side": "long"}
    del body["stop_loss"]
    answer = await (await service.send(body)).json()
    FITS["Problem"].validate(examples.PROBLEM)
    assert answer | {"instance": ""} == examples.PROBLEM | {"instance": ""}
