"""Requests that the document shows; tests send each of them."""

from typing import Any

Json = dict[str, Any]

SIGNALS: Json = {
    "open": {
        "summary": "A new trade",
        "value": {
            "external_id": "breakout-42",
            "instrument": "XAUUSD",
            "side": "buy",
            "price": "1950.50",
            "stop_loss": "1945.00",
            "take_profit": "1965.00",
            "timeframe": "M15",
            "payload": {"confidence": 0.85},
        },
    },
    "update": {
        "summary": "Another stop",
        "value": {
            "external_id": "breakout-42-stop",
            "action": "update",
            "target": "breakout-42",
            "stop_loss": "1947.50",
        },
    },
    "close": {
        "summary": "Leave the trade",
        "value": {
            "external_id": "breakout-42-close",
            "action": "close",
            "target": "breakout-42",
        },
    },
    "cancel": {
        "summary": "Withdraw it while it is undecided",
        "value": {
            "external_id": "breakout-42-cancel",
            "action": "cancel",
            "target": "breakout-42",
        },
    },
}


ALERTS: Json = {
    "entry": {
        "summary": "The strategy enters",
        "value": {
            "ticker": "XAUUSD",
            "interval": "15",
            "side": "buy",
            "market_position": "long",
            "prev_market_position": "flat",
            "price": "1950.50",
            "stop_loss": "1945.00",
            "take_profit": "1965.00",
            "time": "2026-11-24T12:00:00Z",
        },
    },
    "exit": {
        "summary": "The strategy leaves",
        "value": {
            "ticker": "XAUUSD",
            "interval": "15",
            "side": "sell",
            "market_position": "flat",
            "prev_market_position": "long",
            "price": "1961.20",
            "time": "2026-11-24T14:15:00Z",
        },
    },
}

RECEIPT: Json = {
    "id": "01KAT8ZK6Q0V9J3N5W7X2Y4B8D",
    "external_id": "breakout-42",
    "action": "open",
    "target": None,
    "status": "new",
    "instrument": "XAUUSD",
    "side": "buy",
    "price": "1950.5",
    "created_at": "2026-11-24T12:00:00.250000Z",
    "expires_at": "2026-11-24T12:15:00.250000Z",
    "recipients": 12,
    "counts": {
        "recipients": 12,
        "prompts_sent": 0,
        "approved": 0,
        "rejected": 0,
        "expired": 0,
        "orders_filled": 0,
    },
    "links": {
        "self": "https://tapgate.example/api/v1/signals/01KAT8ZK6Q0V9J3N5W7X2Y4B8D",
        "chart": None,
    },
}

PROBLEM: Json = {
    "type": "urn:tapgate:problem:invalid-fields",
    "title": "Some fields cannot be accepted",
    "status": 422,
    "detail": "Look at: side, stop_loss.",
    "instance": "urn:tapgate:request:01KAT8ZK6Q0V9J3N5W7X2Y4B8E",
    "errors": [
        {"field": "side", "message": "must be buy or sell, was 'long'"},
        {"field": "stop_loss", "message": "is required"},
    ],
}
