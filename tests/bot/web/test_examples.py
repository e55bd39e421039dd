"""The examples that providers copy do what they say, against a running service."""

import asyncio
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bot.web
from bot.clock import SystemClock
from bot.config import environment
from bot.web.docs_page import ALERTING, SENDING, example
from core.ports import Save
from core.users import Provider
from tests.bot.web.service import SECRET, Service
from tests.builders import DEMO

EXAMPLES = Path(bot.web.__file__).parent / "examples"
PYTHON = [sys.executable]
COMMANDS = [
    pytest.param(
        ["sh"], "send.sh", marks=[pytest.mark.curl, pytest.mark.openssl], id="curl"
    ),
    pytest.param(PYTHON, "send.py", id="python"),
    pytest.param(PYTHON, "standard.py", id="standard"),
    pytest.param(["node"], "send.mjs", marks=pytest.mark.node, id="node"),
]
SIGNAL = {
    "external_id": "of my own",
    "instrument": "EURUSD",
    "side": "sell",
    "price": "1.1",
    "stop_loss": "1.2",
    "payload": {"note": "Größe, 'quoted' $HOME %s\\n"},
}


@pytest.fixture
async def now(service: Service) -> Service:
    """A service whose time is the present, as that of the examples is."""
    service.clock.step_to(SystemClock().now())
    return service


async def run(service: Service, *words: object, **more: str) -> tuple[int, str]:
    """How a program ended and what it said, on either stream."""
    process = await asyncio.create_subprocess_exec(
        *map(str, words),
        env={
            "PATH": environment()["PATH"],
            "TAPGATE_URL": str(service.client.make_url("")).rstrip("/"),
            "TAPGATE_PROVIDER": "demo",
            "TAPGATE_PROVIDER_SECRET": SECRET,
        }
        | more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return await process.wait(), said.decode()


async def receipt_of(service: Service, *words: object, **more: str) -> dict[str, Any]:
    code, said = await run(service, *words, **more)
    assert code == 0, said
    receipt: dict[str, Any] = json.loads(said)
    return receipt


@pytest.mark.parametrize(("command", "name"), COMMANDS)
async def test_an_example_sends_its_own_signal(now: Service, command, name):
    receipt = await receipt_of(now, *command, EXAMPLES / name)
    (signal,) = await now.stored()
    assert (receipt["id"], receipt["instrument"]) == (signal.id, "XAUUSD")
    assert signal.external_id.startswith("example-")


@pytest.mark.parametrize(("command", "name"), COMMANDS)
async def test_an_example_sends_the_signal_given(now: Service, command, name):
    text = json.dumps(SIGNAL, ensure_ascii=False)
    await receipt_of(now, *command, EXAMPLES / name, text)
    (signal,) = await now.stored()
    assert (signal.external_id, signal.instrument) == ("of my own", "EURUSD")
    assert json.loads(signal.payload) == SIGNAL["payload"]


@pytest.mark.parametrize(("command", "name"), COMMANDS)
async def test_an_example_shows_why_it_was_refused(now: Service, command, name):
    code, said = await run(
        now, *command, EXAMPLES / name, TAPGATE_PROVIDER_SECRET=SECRET[:-4] + "AAA="
    )
    assert code != 0
    assert "urn:tapgate:problem:not-authentic" in said
    assert await now.stored() == []


@pytest.mark.node
async def test_a_key_pair_signs(now: Service):
    script = EXAMPLES / "keypair.mjs"
    _, keys = await run(now, "node", script, "new")
    private, public = keys.split()
    provider = await now.journal.get(Provider, DEMO)
    assert provider is not None
    changed = replace(provider, secret_sealed=None, public_key=public)
    await now.journal.commit(Save(changed))

    await receipt_of(now, "node", script, TAPGATE_PRIVATE_KEY=private)
    assert len(await now.stored()) == 1


@pytest.mark.node
async def test_another_key_pair_does_not(now: Service):
    script = EXAMPLES / "keypair.mjs"
    _, keys = await run(now, "node", script, "new")
    code, said = await run(now, "node", script, TAPGATE_PRIVATE_KEY=keys.split()[0])
    assert code != 0
    assert "not-authentic" in said


def test_every_example_is_shown():
    shown = {name for _, name, _ in (*SENDING, *ALERTING)}
    there = {path.name for path in EXAMPLES.iterdir() if path.is_file()}
    assert shown == there


# ---------------------------------------------------------------- TradingView

ENTRY = {
    "{{ticker}}": "XAUUSD",
    "{{interval}}": "15",
    "{{strategy.order.action}}": "buy",
    "{{strategy.market_position}}": "long",
    "{{strategy.prev_market_position}}": "flat",
    "{{close}}": "1950.5",
    "{{plot_0}}": "1945",
    "{{plot_1}}": "1965.25",
    "{{timenow}}": "2026-11-24T12:00:00Z",
}
EXIT = ENTRY | {
    "{{strategy.order.action}}": "sell",
    "{{strategy.market_position}}": "flat",
    "{{strategy.prev_market_position}}": "long",
    "{{plot_0}}": "NaN",
    "{{plot_1}}": "NaN",
}


def filled(values: dict[str, str]) -> bytes:
    """The alert's message as TradingView sends it."""
    text = example("alert.json")
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    assert "{{" not in text
    json.loads(text)
    return text.encode()


async def test_the_template_enters_and_leaves(service: Service):
    for values in (ENTRY, EXIT):
        answer = await service.alert(filled(values))
        assert answer.status == 201, await answer.text()
    await entered_and_left(service)


async def entered_and_left(service: Service) -> None:
    entry, leaving = await service.stored()
    assert (entry.action, entry.side, entry.instrument) == ("open", "buy", "XAUUSD")
    assert (str(entry.stop_loss), str(entry.take_profit)) == ("1945", "1965.25")
    assert (leaving.action, leaving.side) == ("close", "buy")


PINE = {
    "syminfo.ticker": "XAUUSD",
    "timeframe.period": "15",
    "price(close)": "1950.5",
    "price(stop)": "1945",
    "price(target)": "1965.25",
    "str.tostring(timenow)": "1795521600000",
}


def written(function: str, **arguments: str) -> bytes:
    """What a function of the Pine script makes: texts and values joined by ``+``."""
    script = example("strategy.pine")
    (body,) = re.findall(
        rf"^{function}\(.*\) =>\n((?:    .*\n)+)", script, re.MULTILINE
    )
    parts = re.findall(r"'([^']*)'|([^\s'+]+)", body)
    values = PINE | arguments
    return "".join(text or values[name] for text, name in parts).encode()


async def test_the_pine_script_enters_and_leaves(service: Service):
    for message in (
        written("enter", side="buy", position="long"),
        written("leave", side="sell", before="long"),
    ):
        json.loads(message)
        answer = await service.alert(message)
        assert answer.status == 201, await answer.text()
    await entered_and_left(service)


def test_an_exit_of_the_pine_script_says_that_it_is_one():
    message = json.loads(written("leave", side="sell", before="long"))
    assert message["market_position"] == "flat"
    assert message["prev_market_position"] == "long"


def test_the_pine_script_calls_what_it_makes():
    script = example("strategy.pine")
    assert script.startswith("//@version=6\n")
    calls = re.findall(r'alert_message = (\w+)\("(\w+)", "(\w+)"', script)
    assert calls == [
        ("enter", "buy", "long"),
        ("enter", "sell", "short"),
        ("leave", "sell", "long"),
        ("leave", "buy", "short"),
    ]
