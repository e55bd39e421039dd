"""Commands for admins: beside a running service, and at once."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot import resolutions
from bot.config import environment
from bot.keys import new_secret
from bot.signing import sign_plain
from core.ids import OrderId
from core.orders import OrderState, SendState
from core.ports import Insert
from migrations.runner import head_revision
from tests.bot.offices import PAPER, office_in, write_config
from tests.builders import USER, a_send, a_user, an_account, an_order

# ------------------------------------------------------------------ migrate, audit


def test_migrate_brings_the_database_to_the_newest_schema(tapgate, config):
    ran = tapgate("migrate")
    assert (ran.code, ran.out) == (
        0,
        f"The database is at revision {head_revision()}.\n",
    )


def test_an_unbroken_audit_chain_is_verified(tapgate, config):
    tapgate("provider", "add", "alpha")
    ran = tapgate("audit", "verify")
    assert (ran.code, ran.out) == (0, "✔ 1 entries, the chain is unbroken.\n")


def test_a_broken_audit_chain_is_a_problem(tapgate, config, tmp_path):
    tapgate("provider", "add", "alpha")
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'tapgate.db'}")
    with engine.begin() as database:
        names = database.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        )
        for (name,) in names.all():
            database.execute(text(f"DROP TRIGGER {name}"))
        database.execute(text("UPDATE audit SET actor = 'nobody'"))
    engine.dispose()
    ran = tapgate("audit", "verify")
    assert (ran.code, ran.out) == (1, "")
    assert "audit entry 1" in ran.err


# ------------------------------------------------------------------ invites


def test_an_invite_without_telegram_is_a_message(tapgate, config):
    ran = tapgate("invite")
    assert ran.code == 0
    assert ran.out.startswith("/start ")
    assert "Good for 1 person until " in ran.out


def test_an_invite_as_json_is_one_document(tapgate, config):
    ran = tapgate(
        "invite", "--role", "viewer", "--account", "demo", "--uses", "3", "--json"
    )
    assert set(ran.document) == {"link", "start", "expires_at"}
    assert ran.document["link"] is None
    assert ran.document["start"].startswith("/start ")


def test_an_account_must_be_named_where_there_are_several(tapgate, tmp_path):
    write_config(tmp_path, accounts={"one": PAPER, "two": PAPER})
    ran = tapgate("invite")
    assert (ran.code, ran.out) == (2, "")
    assert "Say which account with --account: one, two." in ran.err
    assert tapgate("invite", "--account", "two").code == 0


def test_without_an_account_nobody_can_be_invited(tapgate, tmp_path):
    write_config(tmp_path, accounts={})
    ran = tapgate("invite")
    assert ran.code == 2
    assert "There is no [accounts.NAME] section" in ran.err


def test_owners_are_named_in_the_configuration(tapgate, config):
    ran = tapgate("invite", "--role", "owner")
    assert ran.code == 2
    assert "under [telegram] owners" in ran.err


def test_an_account_that_is_not_there_is_a_problem(tapgate, config):
    ran = tapgate("invite", "--account", "moon")
    assert ran.code == 1
    assert "There is no account moon" in ran.err


async def _take(folder: Path) -> None:
    """The account has its person."""
    async with office_in(folder) as office:
        await office.journal.commit(
            Insert(a_user()), Insert(an_account(person_id=USER))
        )


@pytest.mark.parametrize("role", ["approver", "admin"])
def test_an_own_account_with_its_person_takes_no_other_decider(tapgate, config, role):
    asyncio.run(_take(config.parent))
    ran = tapgate("invite", "--role", role, "--account", "demo", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "demo is an own account and has its person: exactly one decides" in ran.err
    assert "--role viewer" in ran.err


def test_an_own_account_with_its_person_takes_viewers(tapgate, config):
    asyncio.run(_take(config.parent))
    assert tapgate("invite", "--role", "viewer", "--account", "demo").code == 0


# ------------------------------------------------------------------ signals

WISH = [
    "--provider",
    "alpha",
    "--instrument",
    "XAUUSD",
    "--side",
    "buy",
    "--price",
    "1950.50",
]


class Service(BaseHTTPRequestHandler):
    """Answers what it is told to, and keeps what it got."""

    status = 201
    answer = b'{"id": "S1"}'
    got: list[tuple[str, Any, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, self.headers, body))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def _service(status: int = 201, answer: bytes = b'{"id": "S1"}') -> Iterator[Any]:
    handler: Any = type(
        "Handler", (Service,), {"status": status, "answer": answer, "got": []}
    )
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        handler.url = f"http://127.0.0.1:{server.server_port}"
        yield handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def secret(monkeypatch) -> str:
    made = new_secret(b"s" * 32)
    monkeypatch.setenv("TAPGATE_PROVIDER_SECRET", made)
    return made


def test_a_signal_is_signed_and_its_receipt_printed(tapgate, secret):
    with _service() as service:
        more = ["--stop-loss", "1945", "--take-profit", "1965", "--external-id", "x-1"]
        ran = tapgate("signal", "send", *WISH, *more, "--url", f"{service.url}/")
    assert (ran.code, ran.document) == (0, {"id": "S1"})
    ((path, headers, body),) = service.got
    assert path == "/api/v1/signals"
    assert json.loads(body) == {
        "external_id": "x-1",
        "instrument": "XAUUSD",
        "side": "buy",
        "price": "1950.50",
        "stop_loss": "1945",
        "take_profit": "1965",
    }
    signed = sign_plain(secret, int(headers["X-Timestamp"]), body)
    assert headers["X-Signature"] == signed["X-Signature"]
    assert headers["X-Provider"] == "alpha"


def test_a_signal_gets_an_id_of_its_own(tapgate, secret):
    with _service() as service:
        for _ in range(2):
            tapgate("signal", "send", *WISH, "--url", service.url)
    ids = {json.loads(body)["external_id"] for _, _, body in service.got}
    assert len(ids) == 2


def test_a_signal_goes_where_the_configuration_says(tapgate, secret, tmp_path):
    with _service() as service:
        write_config(tmp_path, service={"public_url": service.url})
        assert tapgate("signal", "send", *WISH).code == 0


def test_a_refused_signal_is_a_problem_with_its_answer(tapgate, secret):
    refusal = b'{"title": "Unprocessable", "errors": []}'
    with _service(422, refusal) as service:
        ran = tapgate("signal", "send", *WISH, "--url", service.url)
    assert (ran.code, ran.document["title"]) == (1, "Unprocessable")


def test_what_answers_without_json_is_no_service(tapgate, secret):
    with _service(200, b"<html>") as service:
        ran = tapgate("signal", "send", *WISH, "--url", service.url)
    assert (ran.code, ran.out) == (1, "")
    assert f"what answers at {service.url} is no Tapgate" in ran.err


def test_a_secret_that_is_none_is_told(tapgate, monkeypatch):
    monkeypatch.setenv("TAPGATE_PROVIDER_SECRET", "whsec_short")
    ran = tapgate("signal", "send", *WISH, "--url", "http://127.0.0.1:9")
    assert (ran.code, ran.out) == (2, "")
    assert "The signal cannot be signed" in ran.err
    assert "whsec_short" not in ran.err


def test_a_service_that_is_away_is_a_problem(tapgate, secret):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ran = tapgate("signal", "send", *WISH, "--url", f"http://127.0.0.1:{port}")
    assert (ran.code, ran.out) == (1, "")
    assert "The service cannot be reached" in ran.err


def test_without_a_secret_nothing_is_sent(tapgate, monkeypatch):
    monkeypatch.delenv("TAPGATE_PROVIDER_SECRET", raising=False)
    ran = tapgate("signal", "send", *WISH)
    assert ran.code == 2
    assert "Set TAPGATE_PROVIDER_SECRET to the provider's secret first." in ran.err
    other = tapgate("signal", "send", *WISH, "--secret-env", "MY_SECRET")
    assert "Set MY_SECRET" in other.err
    assert "MY_SECRET" not in environment()


# ------------------------------------------------------------------ parked orders


async def _park(folder: Path) -> None:
    order = an_order(id=OrderId("PARKED"), state=OrderState.PARKED, user_id=None)
    async with office_in(folder) as office:
        send = a_send(order_id=order.id, state=SendState.UNKNOWN)
        rows = (an_account(), order, send)
        await office.journal.commit(*(Insert(row) for row in rows))


def test_a_parked_order_is_settled_by_the_service(tapgate, config, monkeypatch):
    monkeypatch.setattr(resolutions, "PATIENCE", timedelta(0))
    asyncio.run(_park(config.parent))
    ran = tapgate("order", "resolve", "PARKED", "not-placed", "--reason", "I looked")
    assert ran.code == 0
    assert ran.out.startswith("Noted. The service has not answered yet")


def test_an_order_that_is_not_parked_is_a_problem(tapgate, config):
    ran = tapgate("order", "resolve", "NOBODY", "adopt", "--reason", "I looked")
    assert (ran.code, ran.out) == (1, "")
    assert "There is no parked order NOBODY" in ran.err
