"""From the configuration to the core's words: rules, accounts, choices."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.settings import AccountConfig, Settings
from bot.web import Proxies, WebLimits
from core.accounts import AccountKind, BrokerKind, GuardScope, RiskRules
from core.broker import TradeMode
from core.desk.accounts import AccountPlan
from core.desk.tools import Choices, Consent
from core.ids import AccountId, UserId
from core.intake import IntakeRules

PERIODS = 3
"""Guard periods after which the market's evidence is stale, and at least 6 s."""
SHORTEST_STALE = timedelta(seconds=6)


def rules_of(settings: Settings, account: AccountConfig) -> RiskRules:
    """An account's limits: its own, else the common ones."""
    own = account.risk.model_dump(exclude_none=True)
    common = {**settings.risk.model_dump(), **own}
    return RiskRules(
        per_trade_percent=common["per_trade_percent"],
        max_drawdown_percent=common["max_drawdown_percent"],
        daily_loss_percent=common["daily_loss_percent"],
        warn_percents=common["warn_percents"],
        day_resets_at=common["day_resets_at"],
        day_timezone=common["day_timezone"],
        guard_closes=GuardScope(common["guard_closes"]),
        max_lots=account.risk.max_lots,
        max_spread_points=account.risk.max_spread_points,
        lots_without_stop=account.risk.lots_without_stop,
        confirm_above_risk_percent=settings.approvals.confirm_above_risk_percent,
        confirm_live=settings.approvals.confirm_live,
        max_drift_r=settings.approvals.max_drift_r,
        second_above_risk_percent=settings.approvals.second_above_risk_percent,
    )


def plan_of(name: str, account: AccountConfig) -> AccountPlan:
    """An account as the journal shall know it."""
    paper = account.broker == "paper"
    mode = TradeMode.LIVE if account.real_money else TradeMode.DEMO
    return AccountPlan(
        id=AccountId(name),
        broker=BrokerKind(account.broker),
        kind=AccountKind(account.kind),
        mode=TradeMode.PAPER if paper else mode,
        currency=account.currency,
    )


def choices_of(
    settings: Settings,
    consent: Consent,
    translations: Mapping[str, Consent] = MappingProxyType({}),
) -> Choices:
    """What the desk needs of the configuration, and the terms in force."""
    period = seconds(settings.jobs.guard_seconds)
    source = settings.charts.source_account
    return Choices(
        rules={
            AccountId(name): rules_of(settings, account)
            for name, account in settings.accounts.items()
        },
        consent=consent,
        translations=translations,
        owners=frozenset(UserId(each) for each in settings.telegram.owners),
        chart_candles=settings.charts.candles + max(settings.charts.moving_averages),
        chart_account=AccountId(source) if source else None,
        stale_after=max(SHORTEST_STALE, period * PERIODS),
        instruments=tuple(settings.signals.instruments),
        prompts_per_minute=settings.signals.prompts_per_minute,
        clock_tolerance=timedelta(seconds=settings.signals.timestamp_tolerance_seconds),
    )


def intake_rules_of(settings: Settings) -> IntakeRules:
    """What providers may send."""
    return IntakeRules(
        instruments=settings.signals.instruments,
        require_stop_loss=settings.signals.require_stop_loss,
        expires_after=timedelta(seconds=settings.signals.expires_seconds),
    )


def web_limits_of(settings: Settings) -> WebLimits:
    """How much, how late and how often providers may send."""
    signals = settings.signals
    return WebLimits(
        max_body_bytes=signals.max_body_bytes,
        max_payload_bytes=signals.max_payload_bytes,
        timestamp_tolerance=timedelta(seconds=signals.timestamp_tolerance_seconds),
        rate_per_minute=signals.rate_per_minute,
        rate_burst=signals.rate_burst,
        open_signals=signals.open_signals,
    )


def seconds(value: Decimal) -> timedelta:
    """A configured number of seconds."""
    return timedelta(microseconds=int(value * 1_000_000))


def public_url(settings: Settings) -> str:
    """The address under which the outside reaches the service."""
    service = settings.service
    return service.public_url or f"http://{service.host}:{service.port}"


def proxies_of(settings: Settings) -> Proxies:
    """Whom we believe about where a request came from."""
    proxy = settings.proxy
    return Proxies(
        trusted=proxy.trusted,
        certificate_header=proxy.client_certificate_header,
        demand_certificate=proxy.demand_tradingview_certificate,
    )


def hook_url(settings: Settings, token: str) -> str:
    """Where TradingView sends a provider's alerts."""
    return f"{public_url(settings)}/hooks/tradingview/{token}"
