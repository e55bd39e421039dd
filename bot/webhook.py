"""Telegram by webhook: where it posts, and what the configuration must say for it.

Telegram itself posts to https only, and to four ports; a Bot API server of one's own
posts wherever it is told.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.plans import public_url
from bot.settings import Settings
from bot.web.telegram_hook import PATH

TELEGRAM = "api.telegram.org"
PORTS = frozenset({443, 80, 88, 8443})
"""Where Telegram itself posts to."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NEEDS = 'telegram.mode is "webhook"'
_GOOD = "1 to 256 of A-Z, a-z, 0-9, _ and -; `openssl rand -hex 32` makes a good one"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPlan:
    """What Telegram is told: where to post, and how we know that it is Telegram."""

    url: str
    secret: str = field(repr=False)


def webhook_plan(settings: Settings) -> WebhookPlan | None:
    """The webhook as configured; ``None`` where updates are polled for."""
    if settings.telegram.mode != "webhook":
        return None
    return WebhookPlan(
        url=f"{public_url(settings).rstrip('/')}{PATH}",
        secret=settings.telegram.webhook_secret.get_secret_value(),
    )


def webhook_problems(settings: Settings) -> list[str]:
    """Why the webhook as configured cannot work, each as a sentence."""
    plan = webhook_plan(settings)
    if plan is None:
        return []
    problems = []
    if not plan.secret:
        problems.append(
            f"{_NEEDS}, which needs a secret: set TAPGATE_TELEGRAM__WEBHOOK_SECRET "
            f"to {_GOOD}."
        )
    elif not _SECRET.fullmatch(plan.secret):
        problems.append(f"TAPGATE_TELEGRAM__WEBHOOK_SECRET must be {_GOOD}.")
    if not _can_be_posted_to(settings, plan.url):
        problems.append(
            f"{_NEEDS}: service.public_url must be the https address at which Telegram "
            "reaches the service, on port 443, 80, 88 or 8443, as in "
            f'https://signals.example.org; it was "{settings.service.public_url}".'
        )
    return problems


def _can_be_posted_to(settings: Settings, url: str) -> bool:
    try:
        there, api = urlsplit(url), urlsplit(settings.telegram.api_base)
        port = there.port or 443
    except ValueError:
        return False
    if not there.hostname or there.username or there.query or there.fragment:
        return False
    if api.hostname != TELEGRAM:
        return there.scheme in {"https", "http"}
    return there.scheme == "https" and port in PORTS
