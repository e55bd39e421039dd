"""What /providers shows, read at one go: providers, and what was refused lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.desk.expiring import KEPT_FOR
from core.desk.tools import Tools
from core.ids import ProviderName
from core.ports import AtMost
from core.refusals import RefusedRequests
from core.signals import Signal, SignalStatus
from core.users import Provider

MOST_PROVIDERS = 8
"""In one message; more are named with the command."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCard:
    """One provider and what came of it."""

    provider: Provider
    accepted: int
    """Signals of the last 24 hours."""
    undecided: int
    last_at: datetime | None
    """When its last signal came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersPage:
    """All that /providers shows."""

    cards: Sequence[ProviderCard]
    more: int
    """Providers that are not shown."""
    refused: Sequence[RefusedRequests]
    """Of the last days, the latest first."""
    tolerance: timedelta
    """How far a signature's time may be from ours."""
    now: datetime


async def providers_page(tools: Tools, wanted: str = "") -> ProvidersPage:
    """The providers whose name has ``wanted`` in it, or all where none has."""
    known = await tools.journal.find(Provider)
    found = [each for each in known if wanted.lower() in each.id.lower()] or known
    shown = found[:MOST_PROVIDERS]
    now = tools.clock.now()
    refused = await tools.journal.find(RefusedRequests, order_by="-last_at")
    return ProvidersPage(
        cards=[await _card(tools, each, now) for each in shown],
        more=len(known) - len(shown),
        refused=[each for each in refused if each.last_at > now - KEPT_FOR],
        tolerance=tools.choices.clock_tolerance,
        now=now,
    )


async def page_with(tools: Tools, name: ProviderName) -> ProvidersPage:
    """The first page, if this provider stands on it; else the provider alone."""
    first = await providers_page(tools)
    if any(card.provider.id == name for card in first.cards) or not first.more:
        return first
    return await providers_page(tools, name)


async def _card(tools: Tools, provider: Provider, now: datetime) -> ProviderCard:
    journal, name = tools.journal, provider.id
    before = AtMost(value=now - DAY)
    ever = await journal.count(Signal, provider=name)
    last = await journal.find(Signal, provider=name, order_by="-created_at", limit=1)
    return ProviderCard(
        provider=provider,
        accepted=ever - await journal.count(Signal, provider=name, created_at=before),
        undecided=await journal.count(Signal, provider=name, status=SignalStatus.NEW),
        last_at=last[0].created_at if last else None,
    )
