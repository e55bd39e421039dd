"""The demo as a newcomer sees it: the page in a browser, a prompt, one tap.

``WRITE_SCREENSHOT=1`` keeps the picture that stands in the README.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "chat.png"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000
"""Milliseconds."""
SPREAD = Decimal("0.25")
"""Gold's, between the price of a buy and the bid that is moved."""

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A demo of its own; the address that it printed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "bot", "demo", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--data-dir", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as demo:
        try:
            lines = iter(demo.stdout.readline, "")
            found = (re.search(r"Open (http://\S+)", line) for line in lines)
            yield next(match[1] for match in found if match)
        finally:
            demo.terminate()
            demo.wait(timeout=15)


@pytest.fixture
def phone(address) -> Iterator[Page]:
    """Ada's chat on a phone."""
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS
        )
        page = browser.new_page(
            base_url=address,
            viewport={"width": 390, "height": 900},
            device_scale_factor=2,
        )
        page.goto(f"{address}/#user=1001")
        yield page
        browser.close()


def hold_price(phone: Page, prompt: Locator) -> None:
    """Bring the market back to the entry that the prompt shows, and hold it there.

    A tap is asked about again when the price has moved; this is about the page.
    """
    (entry,) = re.findall(r"Entry ([\d.]+)", prompt.inner_text())
    wish = {"instrument": "XAUUSD", "price": str(Decimal(entry) - SPREAD)}
    answer = phone.request.post("/sandbox/x/market", data=wish)
    assert answer.ok, answer.text()


def test_a_prompt_arrives_and_a_tap_on_approve_shows_that_it_was_filled(phone):
    approve = phone.get_by_test_id("button").filter(has_text="Approve").last
    approve.wait_for(timeout=10_000)
    prompt = phone.get_by_test_id("message").filter(has=approve)
    number = prompt.get_attribute("data-message-id")
    hold_price(phone, prompt)

    approve.click()

    same = phone.locator(f'[data-message-id="{number}"]')
    expect(same).to_contain_text(
        re.compile("Approved by Ada|Confirm"), timeout=PATIENCE
    )
    again = same.get_by_test_id("button").filter(has_text="Confirm")
    if again.count():  # on a slow machine the price has moved since it was held
        again.click()
    expect(same).to_contain_text("Approved by Ada", timeout=PATIENCE)
    expect(same).to_contain_text("Filled", timeout=PATIENCE)
    expect(same.get_by_test_id("button")).to_have_text(["Position"])
    expect(same.get_by_test_id("photo")).to_be_visible()
    expect(phone.get_by_test_id("toast")).to_have_count(0, timeout=PATIENCE)
    shot = phone.screenshot()
    if os.environ.get("WRITE_SCREENSHOT"):
        PICTURE.write_bytes(shot)
    assert PICTURE.is_file()


def test_the_status_command_answers_in_the_chat(phone):
    phone.get_by_test_id("composer").fill("/status")
    phone.get_by_test_id("composer").press("Enter")

    answer = phone.get_by_test_id("message").filter(has_text="Queues").last
    expect(answer).to_contain_text("armed", timeout=PATIENCE)
