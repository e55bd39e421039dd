"""A house under test: a sandbox process, a service process, and what they wrote."""

import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot.signing import sign_plain
from tests.bot.offices import toml
from tests.flows import web
from tests.flows.agreed import READY
from tests.flows.books import Books
from tests.flows.chat import Sandbox
from tests.flows.waiting import until
from tests.flows.web import Answer

ROOT = Path(__file__).parents[2]
ENDS_WITHIN_SECONDS = 30
TROUBLE = re.compile(r"Traceback|\b\w+_failed\b|\[(?:error|critical)")
"""What a log of a healthy service never holds."""
EXPECTED = re.compile(r"poll_failed|introduction_failed")
"""But for what tests of a failing Telegram cause."""


class Program(ABC):
    """A program of ours, its output in a file."""

    _process: subprocess.Popen[bytes] | BaseProcess

    def __init__(self, log: Path) -> None:
        self.log = log

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """``None`` while it runs."""

    @abstractmethod
    def _wait(self) -> int:
        """The exit code; fails when it does not come in time."""

    def terminate(self) -> int:
        """SIGTERM, as a service manager ends it; returns the exit code."""
        self._process.terminate()
        return self._ended()

    def kill(self) -> None:
        """SIGKILL: not one more instruction."""
        self._process.kill()
        self._ended()

    def _ended(self) -> int:
        try:
            return self._wait()
        finally:
            self._process.kill()

    def until_says(self, word: str) -> None:
        """Wait until a line of the output has this word."""

        def look() -> bool:
            if self.exit_code is not None:
                message = f"{self.log} ended:\n{self.log.read_text()[-3000:]}"
                raise AssertionError(message)
            return word in self.log.read_text()

        until(look, f"{word} in {self.log}", patience=60)


class Process(Program):
    """One that is started as people start it."""

    _process: subprocess.Popen[bytes]

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(log)
        with log.open("a") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **(environ or {})},
                stdout=output,
                stderr=output,
            )

    @property
    def exit_code(self) -> int | None:
        """See ``Program``."""
        return self._process.poll()

    def _wait(self) -> int:
        return self._process.wait(timeout=ENDS_WITHIN_SECONDS)


class ForkedService(Program):
    """The service, forked from a parent that has imported it, which takes seconds."""

    _parent = multiprocessing.get_context("forkserver")
    _parent.set_forkserver_preload(["tests.flows.house_process"])
    _process: BaseProcess

    def __init__(self, config: Path, log: Path) -> None:
        super().__init__(log)
        log.touch()
        self._process = self._parent.Process(
            target=_serve, args=(config, log), daemon=True
        )
        self._process.start()

    @property
    def exit_code(self) -> int | None:
        """See ``Program``."""
        return self._process.exitcode

    def _wait(self) -> int:
        self._process.join(ENDS_WITHIN_SECONDS)
        code = self._process.exitcode
        assert code is not None, f"it goes on: {self.log}"
        return code


def _serve(config: Path, log: Path) -> None:
    """In the child, where it is imported already."""
    from tests.flows.house_process import run  # noqa: PLC0415 - seconds, elsewhere

    run(config, log)


class House:
    """Starts, ends and drives one sandbox and one service on the same data."""

    def __init__(self, folder: Path, content: Mapping[str, Any]) -> None:
        """``content`` is that of a ``config.toml``; ports and folders are added."""
        self.folder = folder
        self.port, sandbox_port = web.free_port(), web.free_port()
        self.chat = Sandbox(sandbox_port)
        self.books = Books(folder / "data")
        self._config = folder / "config.json"
        self._config.write_text(json.dumps(self._completed(content)))
        self._service: Program | None = None
        self._sandbox = Process(
            ["-m", "bot", "sandbox", "--port", str(sandbox_port)],
            folder / "sandbox.log",
        )
        self._users = count(2001)
        self._numbers = count(1)
        self._provider: dict[str, str] = {}
        self._starts = 0

    def _completed(self, content: Mapping[str, Any]) -> dict[str, Any]:
        telegram = {"api_base": f"http://127.0.0.1:{self.chat.port}"}
        jobs = {"guard_seconds": 1, "reconcile_seconds": 1, "expire_seconds": 1}
        service = {"port": self.port, "data_dir": str(self.folder / "data")}
        charts = {"candles": 20, "width": 400, "height": 300}  # quickly drawn
        unheld = {"prompts_per_minute": 0}  # one provider speaks for all tests
        return {
            **content,
            "service": service,
            "signals": unheld | content.get("signals", {}),
            "charts": charts,
            "telegram": telegram | content.get("telegram", {}),
            "approvals": {"consent_dir": str(ROOT / "consent")}
            | content.get("approvals", {}),
            "jobs": jobs | content.get("jobs", {}),
        }

    # ------------------------------------------------------------ processes
    def start(self) -> None:
        """Start the service and wait until it can be used."""
        self._sandbox.until_says("Telegram sandbox")
        self._starts += 1
        self._service = ForkedService(
            self._config, self.folder / f"service-{self._starts}.log"
        )
        self._service.until_says(READY)

    @property
    def service(self) -> Program:
        """The service's process, which was started."""
        assert self._service is not None, "start the house first"
        return self._service

    def close(self) -> None:
        """End both; the log must show no trouble and the audit chain must hold."""
        try:
            if self._service is not None and self._service.exit_code is None:
                assert self._service.terminate() == 0
        finally:
            self._write_chats()
            self._sandbox.terminate()
        trouble = [
            line
            for log in sorted(self.folder.glob("service-*.log"))
            for line in log.read_text().splitlines()
            if TROUBLE.search(line) and not EXPECTED.search(line)
        ]
        assert not trouble, f"{self.folder}: {trouble[:5]}"

    def _write_chats(self) -> None:
        """What everybody read and wrote, beside the logs: for people to look at."""
        lines = []
        for user in (each["id"] for each in self.chat.get("state")["users"]):
            for message in self.chat.messages(user):
                lines.append(f"--- {user} #{message.id} {list(message.labels)}")
                lines.append(message.text)
        (self.folder / "chats.txt").write_text("\n".join(lines))

    # ------------------------------------------------------------ the rig
    def rig(self, name: str, /, **content: object) -> Any:
        """Do what only a test may do; see ``house_process``."""
        return web.post(self.port, f"/rig/{name}", content)

    def quote(self, account: str, instrument: str) -> tuple[Decimal, Decimal]:
        """The present bid and ask."""
        found = self.rig("market", account=account, instrument=instrument)
        return Decimal(found["bid"]), Decimal(found["ask"])

    def move(self, account: str, instrument: str, bid: Decimal | str) -> None:
        """Let the price jump, and hold it there."""
        self.rig("market", account=account, instrument=instrument, price=str(bid))

    def broker(self, account: str, **faults: object) -> None:
        """Break, or mend, an account's broker."""
        self.rig("broker", account=account, **faults)

    # ------------------------------------------------------------ people
    def new_person(self, name: str = "") -> int:
        """Somebody who has never written to the bot."""
        user = next(self._users)
        self.chat.post("users", id=user, first_name=name or f"P{user}")
        return user

    def invite(self, account: str, role: str, **more: object) -> str:
        """A token to join an account."""
        token = self.rig("invite", account=account, role=role, **more)["token"]
        return str(token)

    def enter(self, user: int, account: str, role: str) -> None:
        """Follow an invite and agree to the terms, if they are shown."""
        last = self.chat.say(user, f"/start {self.invite(account, role)}")
        self.chat.wait(user, f"{account}: you are", after=last)
        if not self.books.row("SELECT * FROM users WHERE id = ?", user)["consented_at"]:
            terms = self.chat.wait(user, button="I agree", after=last)
            self.chat.tap(user, "I agree", terms.id)

    def command(self, *words: str) -> str:
        """An administrative command beside the running service; what it says."""
        config = self.folder / "config.toml"
        config.write_text(toml(json.loads(self._config.read_text())))
        ran = subprocess.run(
            [sys.executable, "-m", "bot", "--config", str(config), *words],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=True,
            timeout=ENDS_WITHIN_SECONDS,
        )
        return ran.stdout

    # ------------------------------------------------------------ signals
    def fresh_name(self) -> str:
        """An ``external_id`` that was never used."""
        return f"flow-{next(self._numbers)}"

    def post(self, signal_: Mapping[str, object]) -> Answer:
        """Sign and post a signal as the provider's own program would."""
        provider = self._known_provider()
        body = json.dumps(signal_).encode()
        headers = {
            "X-Provider": provider["name"],
            "Content-Type": "application/json",
            **sign_plain(provider["secret"], int(time.time()), body),
        }
        return web.call(
            self.port, "POST", "/api/v1/signals", body=body, headers=headers
        )

    def _known_provider(self) -> dict[str, str]:
        if not self._provider:
            self._provider = self.rig("provider", name="flows")
        return self._provider

    @property
    def hook_token(self) -> str:
        """What ends the provider's address for TradingView."""
        return self._known_provider()["hook_token"]

    def receipt(self, signal: str) -> dict[str, Any]:
        """What the provider reads of a signal now."""
        headers = {"Authorization": f"Bearer {self._provider['read_token']}"}
        answer = web.call(
            self.port, "GET", f"/api/v1/signals/{signal}", headers=headers
        )
        assert answer.status == 200, answer
        return dict(answer.body)


@contextmanager
def opened(folder: Path, content: Mapping[str, Any]) -> Iterator[House]:
    """A running house, and its end."""
    house = House(folder, content)
    with ExitStack() as stack:
        stack.callback(house.close)
        house.start()
        yield house
