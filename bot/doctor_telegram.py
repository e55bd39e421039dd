"""What the doctor asks Telegram: whether it knows the bot, and where it posts to."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.clock import SystemClock
from bot.findings import Finding
from bot.settings import Settings
from bot.webhook import WebhookPlan, webhook_plan, webhook_problems

TIMEOUT = aiohttp.ClientTimeout(total=10)
HTTP_OK = 200
LATELY = timedelta(minutes=10)
"""How long a failed delivery is told while updates wait."""


async def telegram(settings: Settings, *, running: bool) -> AsyncIterator[Finding]:
    """The bot, and in webhook mode the webhook; ``running``: does the service?"""
    bot = await _bot(settings)
    yield bot
    problems = webhook_problems(settings)
    for problem in problems:
        yield Finding(
            part="webhook",
            ok=False,
            said=problem,
            fix='Mend that, or set [telegram] mode = "polling".',
        )
    plan = webhook_plan(settings)
    if plan is not None and bot.ok and not problems:
        yield await _webhook(settings, plan, running=running)


async def _bot(settings: Settings) -> Finding:
    base = _base(settings)
    if not settings.telegram.token.get_secret_value():
        return Finding(
            part="telegram",
            ok=False,
            said="There is no bot token.",
            fix="Get one from @BotFather and set TAPGATE_TELEGRAM__TOKEN.",
        )
    try:
        status, answer = await _ask(settings, "getMe")
    except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
        return Finding(
            part="telegram",
            ok=False,
            said=f"{base} cannot be reached ({type(failure).__name__}).",
            fix="Check the network and [telegram] api_base.",
        )
    if status != HTTP_OK:
        return Finding(
            part="telegram",
            ok=False,
            said="Telegram refuses the token: "
            f"{answer.get('description') or f'HTTP {status}'}",
            fix="Copy it again from @BotFather.",
        )
    name = _result(answer).get("username")
    who = f"@{name}" if name else "A bot without a name"
    return Finding(part="telegram", ok=True, said=f"{who} answers at {base}.")


async def _webhook(settings: Settings, plan: WebhookPlan, *, running: bool) -> Finding:
    try:
        _, answer = await _ask(settings, "getWebhookInfo")
    except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
        return Finding(
            part="webhook",
            ok=False,
            said=f"Telegram does not say where it posts to ({type(failure).__name__}).",
            fix="Ask the doctor again.",
        )
    found = _result(answer)
    if found.get("url") != plan.url:
        return _elsewhere(found, plan, running=running)
    waiting = found.get("pending_update_count") or 0
    if waiting and _lately(found.get("last_error_date"), SystemClock().now()):
        return Finding(
            part="webhook",
            ok=False,
            said=f"{waiting} updates wait, because Telegram cannot deliver them to "
            f"{plan.url}: {found.get('last_error_message')}",
            fix="Check that the service runs, and what stands in front of it.",
        )
    said = f"Telegram posts to {plan.url}; {waiting} updates wait."
    return Finding(part="webhook", ok=True, said=said)


def _elsewhere(
    found: Mapping[str, Any], plan: WebhookPlan, *, running: bool
) -> Finding:
    if not running:
        said = f"`tapgate run` has Telegram post to {plan.url}."
        return Finding(part="webhook", ok=True, said=said)
    return Finding(
        part="webhook",
        ok=False,
        said=f"Telegram posts to {found.get('url') or 'nobody'}, not to {plan.url}.",
        fix="The running service goes on trying to set it: `webhook_not_set` in its "
        "log, and /readyz, say what keeps it from that.",
    )


async def _ask(settings: Settings, method: str) -> tuple[int, Mapping[str, Any]]:
    token = settings.telegram.token.get_secret_value()
    async with (
        aiohttp.ClientSession(timeout=TIMEOUT) as session,
        session.get(f"{_base(settings)}/bot{token}/{method}") as response,
    ):
        content = await response.json(content_type=None)
        return response.status, content if isinstance(content, dict) else {}


def _base(settings: Settings) -> str:
    return settings.telegram.api_base.rstrip("/")


def _result(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    result = answer.get("result")
    return result if isinstance(result, dict) else {}


def _lately(unix: object, now: datetime) -> bool:
    if not isinstance(unix, int):
        return False
    return now.timestamp() - unix <= LATELY.total_seconds()
