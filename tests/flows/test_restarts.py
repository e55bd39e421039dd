"""The real command in a process of its own: told to stop, killed, started again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.signing import sign_plain
from tests.flows import web
from tests.flows.agreed import TOKEN
from tests.flows.books import Books
from tests.flows.chat import Sandbox
from tests.flows.house import ROOT, Process
from tests.flows.seats import Posted
from tests.flows.waiting import until

OWNER = 1001
"""Ada, who lives in every sandbox."""


class Shop:
    """``tapgate run`` as documented: ``config.toml``, the token in the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, sandbox_port = web.free_port(), web.free_port()
        self.chat = Sandbox(sandbox_port)
        self.books = Books(folder / "data")
        self.config = folder / "config.toml"
        self.config.write_text(
            f"""
[service]
port = {self.port}
[telegram]
api_base = "http://127.0.0.1:{sandbox_port}"
owners = [{OWNER}]
[approvals]
consent_dir = "{ROOT / "consent"}"
[jobs]
guard_seconds = 1
reconcile_seconds = 1
expire_seconds = 1
[accounts.main]
broker = "paper"
speed = 0.01
"""
        )
        self._sandbox = Process(
            ["-m", "bot", "sandbox", "--port", str(sandbox_port)],
            folder / "sandbox.log",
        )
        self._sandbox.until_says("Telegram sandbox")
        self.service: Process | None = None

    def start(self) -> Process:
        """Start the service; ready when it says so itself."""
        self.service = Process(
            ["-m", "bot", "--config", str(self.config), "run"],
            self.folder / "service.log",
            environ={"TAPGATE_TELEGRAM__TOKEN": TOKEN},
        )
        until(self._ready, "readiness")
        return self.service

    def _ready(self) -> bool:
        try:
            answer = web.call(self.port, "GET", "/readyz")
        except OSError:
            return False
        return answer.status == 200 and bool(answer.body["parts"]["guard"]["ok"])

    def close(self) -> None:
        if self.service is not None and self.service.exit_code is None:
            self.service.kill()
        self._sandbox.terminate()

    def command(self, *arguments: str) -> dict[str, Any]:
        """Run an administrative command beside the service; its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", "--config", str(self.config), *arguments],
            cwd=ROOT,
            env={**os.environ, "TAPGATE_TELEGRAM__TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    """Running, its owner has agreed to the terms, a provider is there."""
    shop.start()
    shop.chat.say(OWNER, "/start")
    terms = shop.chat.wait(OWNER, button="I agree")
    shop.chat.tap(OWNER, "I agree", terms.id)
    return shop


def post(shop: Shop, provider: dict[str, Any], **content: object) -> Posted:
    body = json.dumps(content).encode()
    headers = {
        "X-Provider": provider["name"],
        "Content-Type": "application/json",
        **sign_plain(provider["secret"], int(time.time()), body),
    }
    answer = web.call(shop.port, "POST", "/api/v1/signals", body=body, headers=headers)
    assert answer.status == 201, answer
    return Posted(id=answer.body["id"], content=dict(content))


GOLD = {
    "instrument": "XAUUSD",
    "side": "buy",
    "price": "1950.25",
    "stop_loss": "1940.25",
    "take_profit": "1970.25",
}


def test_open_prompts_survive_a_stop_and_a_kill(open_shop: Shop) -> None:
    shop = open_shop
    provider = shop.command("provider", "add", "alpha", "--json")
    signals = [post(shop, provider, external_id=f"r-{n}", **GOLD) for n in (1, 2)]
    rows = [
        shop.books.wait(
            "SELECT * FROM prompts WHERE signal_id = ? AND message_id IS NOT NULL",
            each.id,
        )
        for each in signals
    ]
    assert shop.service is not None

    before = time.monotonic()
    assert shop.service.terminate() == 0
    assert time.monotonic() - before < 10
    tapped = shop.chat.start_tap(OWNER, "Approve", rows[0]["message_id"])
    shop.start().kill()

    shop.start()
    assert "Approved" in shop.chat.answer(tapped).text or shop.books.approvals(
        signals[0].id
    )
    shop.chat.shows(OWNER, rows[0]["message_id"], "Filled")
    shop.chat.tap(OWNER, "Approve", rows[1]["message_id"])
    shop.chat.shows(OWNER, rows[1]["message_id"], "Filled")
    shop.books.quiet()
    for each in signals:
        assert len(shop.books.orders(each.id)) == len(shop.books.sends(each.id)) == 1
    assert len(shop.books.openings("main")) == 2
