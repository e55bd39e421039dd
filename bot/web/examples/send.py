"""Sends one signal, signed in the plain form; prints the receipt.

    python3 send.py ['{"external_id": …}']

Needs nothing but Python.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def example() -> str:
    """A signal, in case none is given."""
    return json.dumps(
        {
            "external_id": f"example-{int(time.time())}",
            "instrument": "XAUUSD",
            "side": "buy",
            "price": "1950.50",
            "stop_loss": "1945.00",
            "take_profit": "1965.00",
        }
    )


def send(body: bytes) -> str:
    """Sign exactly these bytes and send them."""
    secret = os.environ["TAPGATE_PROVIDER_SECRET"]
    timestamp = str(int(time.time()))
    signed = timestamp.encode() + b"." + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    request = Request(
        os.environ["TAPGATE_URL"] + "/api/v1/signals",
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Provider": os.environ["TAPGATE_PROVIDER"],
            "X-Timestamp": timestamp,
            "X-Signature": signature,
        },
    )
    with urlopen(request, timeout=10) as response:
        return str(response.read().decode())


if __name__ == "__main__":
    signal = sys.argv[1] if len(sys.argv) > 1 else example()
    try:
        print(send(signal.encode()))
    except HTTPError as refused:
        sys.exit(refused.read().decode())
