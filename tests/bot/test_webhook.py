"""What webhook mode needs of the configuration, each lack as a sentence."""

from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from bot.webhook import webhook_plan, webhook_problems

SECRET = "hook-Secret_1"  # noqa: S105 - of a test
OUTSIDE = "https://signals.example.org"


def settings(
    *, public_url: str = OUTSIDE, secret: str = SECRET, **telegram: Any
) -> Settings:
    section = {"mode": "webhook", "webhook_secret": SecretStr(secret)} | telegram
    return Settings.model_validate(
        {"service": {"public_url": public_url}, "telegram": section}
    )


def test_polling_has_no_webhook_and_needs_nothing_for_one():
    polling = settings(mode="polling", public_url="", secret="")
    assert webhook_plan(polling) is None
    assert webhook_problems(polling) == []


@pytest.mark.parametrize("public_url", [OUTSIDE, f"{OUTSIDE}/"])
def test_telegram_posts_below_the_public_address(public_url):
    plan = webhook_plan(settings(public_url=public_url))
    assert plan.url == "https://signals.example.org/telegram/webhook"
    assert plan.secret == SECRET
    assert SECRET not in repr(plan)


def test_a_bot_api_server_here_posts_to_where_the_service_listens():
    here = settings(public_url="", api_base="http://127.0.0.1:8081")
    assert webhook_plan(here).url == "http://127.0.0.1:8080/telegram/webhook"
    assert webhook_problems(here) == []


def test_without_a_secret_it_says_how_to_get_one():
    (problem,) = webhook_problems(settings(secret=""))
    assert "set TAPGATE_TELEGRAM__WEBHOOK_SECRET to 1 to 256 of" in problem
    assert "`openssl rand -hex 32` makes a good one." in problem


@pytest.mark.parametrize("secret", ["a b", "\u00e9", "a.b", "x" * 257, "a\n"])
def test_a_secret_that_telegram_would_not_take_is_told_and_not_repeated(secret):
    (problem,) = webhook_problems(settings(secret=secret))
    assert problem.startswith("TAPGATE_TELEGRAM__WEBHOOK_SECRET must be 1 to 256 of")
    assert secret not in problem


@pytest.mark.parametrize("secret", ["x", "x" * 256, "AZaz09_-"])
def test_a_secret_may_be_what_telegram_takes(secret):
    assert webhook_problems(settings(secret=secret)) == []


@pytest.mark.parametrize(
    "public_url",
    [
        "",
        "http://signals.example.org",
        "signals.example.org",
        "https://",
        "https://signals.example.org:8080",
        "https://signals.example.org:port",
        "https://me@signals.example.org",
        "https://signals.example.org/?a=b",
        "https://signals.example.org/#a",
    ],
)
def test_an_address_that_telegram_does_not_post_to_is_told(public_url):
    (problem,) = webhook_problems(settings(public_url=public_url))
    assert "service.public_url must be the https address" in problem
    assert problem.endswith(f'it was "{public_url}".')


@pytest.mark.parametrize("port", ["", ":443", ":80", ":88", ":8443"])
def test_telegram_posts_to_these_ports(port):
    assert webhook_problems(settings(public_url=f"{OUTSIDE}{port}/tapgate")) == []


@pytest.mark.parametrize("public_url", ["http://10.0.0.5:8080", "https://a.example:99"])
def test_a_server_of_ones_own_posts_wherever_it_is_told(public_url):
    own = settings(public_url=public_url, api_base="http://127.0.0.1:8081")
    assert webhook_problems(own) == []


def test_it_does_not_post_to_what_is_no_address():
    own = settings(public_url="ftp://a.example", api_base="http://127.0.0.1:8081")
    assert len(webhook_problems(own)) == 1


def test_every_lack_is_told_at_once():
    assert len(webhook_problems(settings(secret="", public_url=""))) == 2
