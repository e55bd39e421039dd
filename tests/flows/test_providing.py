"""An admin and the providers: what was refused and why, switched off, a flood."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bot.signing import sign_plain
from tests.flows import web
from tests.flows.house import House
from tests.flows.seats import a_signal, sit_down

LIMIT = 5
PAPER = {"broker": "paper", "speed": "0.25"}
CONFIG = {
    "accounts": {f"seat{number}": PAPER for number in range(1, 4)},
    "signals": {"prompts_per_minute": LIMIT},
}


@dataclass(frozen=True, slots=True)
class Source:
    """A provider of its own, and its program."""

    house: House
    name: str
    secret: str

    def post(self, content: dict[str, Any], *, secret: str = "") -> web.Answer:
        """Sign and post; with another secret it is a forgery."""
        body = json.dumps(content).encode()
        headers = {
            "X-Provider": self.name,
            "Content-Type": "application/json",
            **sign_plain(secret or self.secret, int(time.time()), body),
        }
        return web.call(
            self.house.port, "POST", "/api/v1/signals", body=body, headers=headers
        )


def source(house: House, name: str) -> Source:
    """A provider that nobody else uses."""
    return Source(house, name, house.rig("provider", name=name)["secret"])


def test_an_admin_sees_why_a_request_was_refused_and_disables_its_provider(
    house, free_accounts
) -> None:
    admin = sit_down(house, free_accounts.pop(), "admin")
    breakout = source(house, "breakout")
    other = source(house, "other")
    forged = breakout.post(a_signal(house, admin.account), secret=other.secret)
    assert forged.status == 401
    house.books.wait("SELECT * FROM refused_requests WHERE cause = 'forged'")

    listed = admin.hears("/providers breakout", "Providers")
    assert "breakout: wrong signature 1 " in listed.text
    assert "127.0.0.1" in listed.text
    assert listed.labels == ("Disable", "Mute 1 h")
    assert breakout.post(a_signal(house, admin.account)).status == 201

    house.chat.tap(admin.user, "Disable", listed.id)
    house.chat.shows(admin.user, listed.id, "from now on all it sends is refused")
    said = house.chat.tap(admin.user, "Confirm", listed.id)
    assert said.text == "breakout is disabled."
    assert "🔴 disabled" in house.chat.shows(admin.user, listed.id, "Providers").text
    assert breakout.post(a_signal(house, admin.account)).status == 401
    assert other.post(a_signal(house, admin.account)).status == 201


def test_a_flood_holds_up_nobody_else_and_may_be_muted(house, free_accounts) -> None:
    admin = sit_down(house, free_accounts.pop(), "admin")
    hasty, calm = source(house, "hasty"), source(house, "calm")
    content = a_signal(house, admin.account)
    flood = [{**content, "external_id": f"hasty-{number}"} for number in range(40)]
    _wait_for_most_of_a_minute()
    with ThreadPoolExecutor(16) as hands:
        answers = list(hands.map(hasty.post, flood))
    assert {each.status for each in answers} == {201}
    assert calm.post({**content, "external_id": "calm-1"}).status == 201
    house.chat.wait(admin.user, " · calm · ")
    before = [
        each for each in house.chat.messages(admin.user) if "hasty ·" in each.text
    ]
    assert len(before) <= LIMIT

    told = house.chat.wait(admin.user, button="Mute 1 h")
    assert told.text.startswith("⚠ hasty sends more than 5 signals a minute.")
    house.chat.tap(admin.user, "Mute 1 h", told.id)
    house.chat.shows(admin.user, told.id, "hasty is muted until")
    quiet = hasty.post({**content, "external_id": "hasty-last"})
    assert quiet.status == 201
    house.books.wait(
        "SELECT * FROM signals WHERE id = ? AND status = 'expired'", quiet.body["id"]
    )
    assert house.books.prompts(quiet.body["id"]) == []


def _wait_for_most_of_a_minute() -> None:
    """The limit counts by the clock's minute; a flood must not fall into two."""
    while time.time() % 60 > 50:
        time.sleep(0.1)
