"""Signed JSON whose fields are missing, of a wrong type, or out of range."""

from collections.abc import Mapping

from tests.bot.web.hostile.rows import Row, document, post, signal
from tests.bot.web.service import BODY

_BUY = {"price": 1950, "stop_loss": 1945, "take_profit": 1965}
_SELL = {"side": "sell", "price": 1950, "stop_loss": 1955, "take_profit": 1940}

WRONG: Mapping[str, tuple[bytes, ...]] = {
    "external_id": (
        b"42",
        b"true",
        b"[]",
        b"{}",
        b'["breakout-42"]',
        b'""',
        b'"' + b"x" * 101 + b'"',
        b'"a\\nb"',
        b'"\\u202eabc"',
        b'"\\u200b"',
        b'"\\u007f"',
    ),
    "action": (b'"buy"', b'"OPEN"', b'""', b'"open "', b"1", b"true", b'["open"]'),
    "instrument": (
        b'"xauusd"',
        b'"XauUsd"',
        b'"GBPUSD"',
        b'"X"',
        b'"' + b"X" * 21 + b'"',
        b'"XAU/USD"',
        b'"XAUUSD "',
        b'"XAU\\u0000"',
        b'"XAUUSD\';--"',
        b'"../../etc"',
        b'""',
        b"7",
        b"false",
        b'["XAUUSD"]',
        b'{"name":"XAUUSD"}',
        '"ХAUUSD"'.encode(),  # noqa: RUF001 - a Cyrillic letter that looks like ours
    ),
    "side": (b'"BUY"', b'"long"', b'""', b'"buy "', b"1", b"true", b'["buy"]', b"{}"),
    "price": (
        b"0",
        b'"0"',
        b"0.00000000",
        b"-1950.5",
        b"1000000",
        b'"1000000.00"',
        b"1e6",
        b"1950.123456789",
        b"999999.9999999",
        b'"1e-9"',
        b'"NaN"',
        b'"Infinity"',
        b'"-inf"',
        b'"1_950"',
        b'"1,950.5"',
        b'" 1950.5"',
        b'"+1950.5"',
        b'"01950.5"',
        b'".5"',
        b'"5."',
        b'"0x79E"',
        b'"1950.5\\u0000"',
        '"١٩٥٠"'.encode(),
        '"１９５０"'.encode(),  # noqa: RUF001 - full width digits
        b'""',
        b"true",
        b"[1950.5]",
        b'{"value":1950.5}',
    ),
    "stop_loss": (
        b"0",
        b"-1",
        b'"0"',
        b'"none"',
        b"false",
        b"[]",
        b"1000001",
        b"1950.50",
        b'"1950.5"',
        b"1951",
    ),
    "take_profit": (b"0", b"-1", b'"x"', b"true", b"{}", b"1e7", b"1950.50", b"1949"),
    "order_type": (b'"MARKET"', b'"stop_limit"', b'""', b"0", b"true", b"[]"),
    "timeframe": (b'"M7"', b'"m15"', b'"15"', b'""', b"15", b"true", b"{}"),
    "expires_in": (
        b"0",
        b"-600",
        b"604801",
        b"600.0",
        b"6e2",
        b'"600"',
        b"true",
        b"[600]",
        b"9" * 40,
    ),
    "user": (b"0", b"-1", b"1.0", b'"1"', b"true", b"[1]", b"4503599627370497", b"2"),
    "payload": (
        b"1",
        b'"{}"',
        b"[]",
        b"true",
        b'{"a":"' + b"x" * 1100 + b'"}',
        b'{"a":-1e309}',
    ),
    "target": (b'"breakout-41"', b"42", b'""'),
}


def _row(name: str, body: bytes, *fields: str) -> Row:
    return Row(
        name=name,
        request=post(body),
        status=422,
        kind="invalid-fields",
        fields=fields,
    )


def _without(*names: str) -> bytes:
    return document({name: BODY[name] for name in BODY if name not in names})


def _follower(action: str, *fields: str, **over: object) -> Row:
    values = {"action": action, "external_id": "f-1", **over}
    name = f"{action} with {', '.join(map(str, over.items())) or 'nothing'}"
    return _row(name, document(values), *fields)


REQUIRED = ("external_id", "instrument", "side", "price", "stop_loss")

VALUES = [
    *(
        _row(f"{field}: {value[:40]!r}", signal(**{field: value}), field)
        for field, values in WRONG.items()
        for value in values
    ),
    *(_row(f"no {name}", _without(name), name) for name in REQUIRED),
    *(_row(f"{name}: null", signal(**{name: None}), name) for name in REQUIRED),
    _row("nothing at all", b"{}", *REQUIRED),
    _row(
        "three wrong at once", signal(side=1, price=-1, user=0), "price", "side", "user"
    ),
    _row("a buy's stop above", signal(**{**_BUY, "stop_loss": 1955}), "stop_loss"),
    _row("a buy's target below", signal(**{**_BUY, "take_profit": 9}), "take_profit"),
    _row("a sell's stop below", signal(**{**_SELL, "stop_loss": 9}), "stop_loss"),
    _row(
        "a sell's target above", signal(**{**_SELL, "take_profit": 1960}), "take_profit"
    ),
    _row("both on the wrong side", signal(side="sell"), "stop_loss", "take_profit"),
    _row("an unknown key", signal(comment="x"), "comment"),
    _row("an unknown key that is null", signal(comment=None), "comment"),
    _row("a near miss", signal(stoploss=1945), "stoploss"),
    _row("a key in capitals", signal(Price=1950), "Price"),
    _row("an empty key", signal(**{"": 1}), ""),
    _row("a key with a NUL", signal(**{"price\0": 1}), "price\0"),
    _row("a key of a prototype", signal(__proto__={"admin": True}), "__proto__"),
    _row("a key of the database", signal(id="01", provider="other"), "id", "provider"),
    _row("a long key", signal(**{"k" * 900: 1}), "k" * 40),
    _follower("cancel", "target"),
    _follower("cancel", "target", target="never-sent"),
    _follower("cancel", "target", target=42),
    _follower("close", "target"),
    _follower("close", "target", target="never-sent"),
    _follower("update", "target", stop_loss=1946),
    _follower("update", "target", target="never-sent", stop_loss=1946),
]
