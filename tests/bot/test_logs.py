"""Logs for people or machines, and no secret in any of them."""

import asyncio
import io
import json
import logging
import string
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.keys import new_secret
from bot.logs import Lines, _words, blot, configure

WORD = string.ascii_letters + string.digits + "_-"
TOKENS = st.builds(
    "{}:{}".format,
    st.integers(10_000, 10**12),
    st.text(WORD, min_size=20, max_size=40),
)
SECRETS = st.binary(min_size=24, max_size=64).map(new_secret)
PASSWORDS = st.text(WORD + "!$%.", min_size=3, max_size=20)
AROUND = st.text(string.ascii_lowercase + " .,=(\n", max_size=20)


@given(AROUND, TOKENS, AROUND)
def test_no_bot_token_survives(before, token, after):
    secret = token.split(":")[1]
    for text in (
        f"{before} {token} {after}",
        f"https://api.telegram.org/bot{token}/sendMessage",
        f"/file/bot{token}/photos/1.jpg",
        f"token={token.replace(':', '%3A')}",
        repr({"token": token}),
    ):
        assert secret not in blot(text)


@given(AROUND, SECRETS, AROUND)
def test_no_provider_s_secret_survives(before, secret, after):
    for text in (f"{before} {secret} {after}", json.dumps([secret]), f"x={secret}"):
        assert secret.removeprefix("whsec_")[:12] not in blot(text)


@given(AROUND, SECRETS, AROUND)
def test_no_private_key_survives(before, secret, after):
    key = secret.replace("whsec_", "whsk_")
    for text in (f"{before} {key} {after}", json.dumps([key]), f"x={key}"):
        assert key.removeprefix("whsk_")[:12] not in blot(text)


@given(PASSWORDS)
def test_no_password_of_an_address_survives(password):
    for text in (
        f"postgresql+psycopg://tapgate:{password}@db:5432/tapgate",
        f"redis://:{password}@cache:6379/0",
        f"could not connect to amqp://user:{password}@host, giving up",
    ):
        assert f":{password}@" not in blot(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("POST /hooks/tradingview/aBc123 201", "POST /hooks/tradingview/<token> 201"),
        ("Authorization: Bearer aBc-123, x", "Authorization: Bearer <token>, x"),
        ("/media/a.png?expires=1&signature=ff00&x=1", None),
        ("/bot42:SANDBOX-demo/getMe", "/bot<token>/getMe"),
        ("at 12:31:05 order 1:2 of ada:approver", None),
        ("http://127.0.0.1:8080/api", None),
    ],
)
def test_only_secrets_are_blotted_out(text, shown):
    expected = text.replace("ff00", "<signature>") if shown is None else shown
    assert blot(text) == expected


# ------------------------------------------------------------------ as it is written

TOKEN = "123456789:AAHsecretsecretsecretsecret"  # noqa: S105 - nobody's


@pytest.fixture
def written(capsys) -> Iterator[Callable[[], str]]:
    """What was logged, once ``configure`` was called; things are put back."""
    root = logging.getLogger()
    before = root.handlers, root.level, structlog.get_config()
    yield lambda: capsys.readouterr().err
    root.handlers, root.level = before[0], before[1]
    structlog.configure(**before[2])


def _crash() -> None:
    message = f"cannot reach https://api.telegram.org/bot{TOKEN}/getMe"
    raise RuntimeError(message)


def _log_everything() -> None:
    log = structlog.get_logger()
    crash = None
    try:
        _crash()
    except RuntimeError as caught:
        crash = caught
        log.exception("crashed", path=f"/bot{TOKEN}/getMe")
        logging.getLogger("aiohttp").exception("from %s", TOKEN)
    log.error("nested", detail={"deep": [f"token {TOKEN}"]}, cause=crash)
    log.error("handed_on", exc_info=crash)
    log.info("named", **{TOKEN: "as a key"})


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_token_is_written_whatever_depth_it_comes_from(written, log_format):
    configure(log_format)
    _log_everything()
    text = written()
    assert "AAHsecret" not in text
    assert text.count("<token>") >= 6
    assert text.count("Traceback (most recent call last)") >= 3


def test_machines_get_one_json_object_a_line(written):
    configure("json")
    _log_everything()
    lines = [json.loads(line) for line in written().splitlines()]
    assert [line["event"] for line in lines][2:] == ["nested", "handed_on", "named"]
    assert {line["level"] for line in lines} == {"error", "info"}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "RuntimeError" in lines[0]["exception"]


def test_people_get_a_line_of_words(written):
    configure("text")
    structlog.get_logger().info("listening", port=8080)
    (line,) = written().splitlines()
    assert "[info     ] listening" in line
    assert line.endswith("port=8080")


@given(
    st.text(string.ascii_lowercase + "_", min_size=1, max_size=40),
    st.dictionaries(
        st.text(string.ascii_lowercase, min_size=1, max_size=8).filter("stack".__ne__),
        st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    ),
    st.none() | st.just("Traceback (most recent call last):\n  ..."),
)
def test_a_line_of_words_is_as_structlog_writes_it(event, fields, trace):
    given = fields | {"event": event, "level": "info", "timestamp": "2026-11-24T12:00Z"}
    if trace is not None:
        given["exception"] = trace
    theirs = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    expected = theirs(None, "info", dict(given))
    assert _words(None, "info", dict(given)) == expected


def test_what_a_context_says_stands_in_each_line(written):
    configure("json")
    with structlog.contextvars.bound_contextvars(signal="S1"):
        structlog.get_logger().info("proposed")
    assert json.loads(written())["signal"] == "S1"


def test_only_what_is_severe_enough_is_written(written):
    configure("text", level=logging.ERROR)
    structlog.get_logger().info("quiet")
    logging.getLogger("apscheduler").info("chatter")
    logging.getLogger("apscheduler").warning("a run was missed")
    structlog.get_logger().error("loud")
    lines = written().splitlines()
    assert ["loud" in line or "a run was missed" in line for line in lines] == [
        True
    ] * 2


def test_configuring_twice_writes_each_line_once(written):
    configure("text")
    configure("text")
    logging.getLogger("x").warning("once")
    assert written().count("once") == 1


# ------------------------------------------------------------------ when it is written


class Stream(io.StringIO):
    """Remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


async def test_what_is_said_in_one_turn_of_the_loop_is_one_write():
    stream = Stream()
    lines = Lines(stream)
    for number in range(3):
        lines.info(f"{number}")
    assert stream.writes == []
    await asyncio.sleep(0)  # noqa: TID251 - the end of the turn
    assert stream.writes == ["0\n1\n2\n"]
    lines.info("3")
    await asyncio.sleep(0)  # noqa: TID251 - likewise
    assert stream.writes[1:] == ["3\n"]


async def test_a_warning_goes_out_at_once_behind_what_was_said_before_it():
    stream = Stream()
    lines = Lines(stream)
    lines.info("one")
    lines.warning("two")
    assert stream.getvalue() == "one\ntwo\n"
    lines.info("three")
    lines.error("four")
    assert stream.getvalue() == "one\ntwo\nthree\nfour\n"
    await asyncio.sleep(0)  # noqa: TID251 - nothing is said twice
    assert stream.getvalue() == "one\ntwo\nthree\nfour\n"


def test_without_a_loop_each_line_goes_out_at_once():
    stream = Stream()
    Lines(stream).info("one")
    assert stream.writes == ["one\n"]


async def test_lines_of_many_threads_are_whole_and_none_is_lost():
    stream = Stream()
    lines = Lines(stream)

    def talk(name: str) -> None:
        for number in range(200):
            (lines.info if number % 3 else lines.error)(f"{name} {number}")

    await asyncio.gather(*(asyncio.to_thread(talk, name) for name in "abcd"))
    talk("e")
    lines.flush()
    said = stream.getvalue().splitlines()
    assert sorted(said) == sorted(f"{name} {n}" for name in "abcde" for n in range(200))
    for name in "abcde":
        mine = [line for line in said if line.startswith(name)]
        assert mine == [f"{name} {number}" for number in range(200)]


ENDS = """
import asyncio, logging, sys
import structlog
from bot import logs

async def main():
    log = structlog.get_logger()
    log.info("first")
    logging.getLogger("library").warning("second")
    log.info("third")
    {end}

logs.configure("json")
try:
    asyncio.run(main())
except RuntimeError:
    pass
"""


@pytest.mark.parametrize(
    "end",
    ["pass", "raise RuntimeError", "sys.exit(3)", "asyncio.current_task().cancel()"],
)
def test_nothing_is_lost_however_the_loop_ends(end: str):
    program = [sys.executable, "-c", ENDS.format(end=end)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line[:1] == "{"]
    assert [line["event"] for line in lines] == ["first", "second", "third"]
