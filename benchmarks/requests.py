"""Signals as a provider sends them: whole HTTP requests, signed before the clock runs.

The signature is computed here, from its definition, and not by ``bot.signing``: all
servers get the same bytes, from somebody who knows none of them.
"""

import hashlib
import hmac
import json

PATH = "/api/v1/signals"
PROVIDER = "bench"


def request(secret: str, external_id: str, *, now: int) -> bytes:
    """One signal, signed at the Unix time ``now``."""
    content = {
        "external_id": external_id,
        "action": "open",
        "instrument": "XAUUSD",
        "side": "buy",
        "price": "1950.50",
        "stop_loss": "1945.00",
        "take_profit": "1965.00",
        "timeframe": "M15",
        "expires_in": 86400,
        "payload": {"confidence": 0.85},
    }
    body = json.dumps(content).encode()
    signed = f"{now}.".encode() + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Provider: {PROVIDER}\r\n"
        f"X-Timestamp: {now}\r\n"
        f"X-Signature: {signature}\r\n"
        "\r\n"
    )
    return head.encode() + body


def distinct(secret: str, prefix: str, count: int, *, now: int) -> list[bytes]:
    """So many different signals; ``prefix`` keeps them apart from others."""
    return [request(secret, f"{prefix}-{each}", now=now) for each in range(count)]
