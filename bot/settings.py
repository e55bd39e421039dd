"""The configuration's model: every key, its type, its limits and its default.

``config.toml`` shows the same keys with a comment each; a test keeps both in step.
"""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

LONGEST_NAME = 32
"""Characters of an account's name: buttons carry it."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        message = "must be an IANA time zone like Europe/Berlin"
        raise ValueError(message) from unknown
    return name


def _rising(levels: tuple[int, ...]) -> tuple[int, ...]:
    if list(levels) != sorted(set(levels)):
        message = f"must rise, as in [50, 75, 90], was {list(levels)}"
        raise ValueError(message)
    return levels


Percent = Annotated[Decimal, Field(ge=0, le=100)]
Positive = Annotated[int, Field(gt=0)]
Instrument = Annotated[str, Field(pattern=r"^[A-Z0-9_]{2,20}$")]
Zone = Annotated[str, AfterValidator(_known_zone)]
Level = Annotated[int, Field(gt=0, lt=100)]
Levels = Annotated[tuple[Level, ...], AfterValidator(_rising)]


class Section(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(Section):
    """Where the service listens and keeps its files."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    public_url: str = ""
    data_dir: Path = Path("data")
    log_format: Literal["text", "json"] = "text"


class Proxy(Section):
    """What stands in front of the service."""

    trusted: tuple[IPvAnyNetwork, ...] = ()
    client_certificate_header: Annotated[
        str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{1,60}$")
    ] = "Client-Cert"
    demand_tradingview_certificate: bool = False

    @model_validator(mode="after")
    def _shown_by_somebody(self) -> Self:
        if self.demand_tradingview_certificate and not self.trusted:
            message = (
                "demand_tradingview_certificate needs trusted: only a proxy can show it"
            )
            raise ValueError(message)
        return self


class Telegram(Section):
    """The bot."""

    api_base: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    messages_per_second: Annotated[int, Field(ge=1, le=1000)] = 25
    owners: tuple[int, ...] = ()
    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")


class Database(Section):
    """Where the journal is."""

    url: str = ""


class Cache(Section):
    """Where pictures are remembered."""

    url: str = "memory://"


class Signals(Section):
    """What providers may send."""

    instruments: tuple[Instrument, ...] = (
        "XAUUSD",
        "XAGUSD",
        "EURUSD",
        "GBPUSD",
        "USDJPY",
        "USDCHF",
        "AUDUSD",
        "USDCAD",
        "NZDUSD",
        "EURJPY",
        "GBPJPY",
        "EURGBP",
        "US30",
        "NAS100",
        "SPX500",
        "GER40",
        "USOIL",
        "BTCUSD",
        "ETHUSD",
    )
    expires_seconds: Annotated[int, Field(ge=10, le=604_800)] = 900
    timestamp_tolerance_seconds: Positive = 300
    require_stop_loss: bool = True
    max_body_bytes: Positive = 4096
    max_payload_bytes: Positive = 1024
    rate_per_minute: Annotated[int, Field(ge=0)] = 600
    rate_burst: Annotated[int, Field(ge=0)] = 100
    open_signals: Annotated[int, Field(ge=0)] = 1000
    prompts_per_minute: Annotated[int, Field(ge=0)] = 30


class Approvals(Section):
    """What an Approve needs."""

    consent_dir: Path = Path("consent")
    max_drift_r: Annotated[Decimal, Field(ge=0)] = Decimal("0.25")
    confirm_above_risk_percent: Percent = Decimal("2.0")
    confirm_live: bool = True
    second_above_risk_percent: Percent = Decimal(0)


class Risk(Section):
    """Limits of every account that has none of its own."""

    per_trade_percent: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("1.0")
    max_drawdown_percent: Percent = Decimal("20.0")
    warn_percents: Levels = (50, 75, 90)
    daily_loss_percent: Percent = Decimal(0)
    day_resets_at: time = time(0, 0)
    day_timezone: Zone = "UTC"
    guard_closes: Literal["all", "ours"] = "all"


class AccountRisk(Section):
    """An account's own limits; what is absent comes from ``[risk]``."""

    per_trade_percent: Annotated[Decimal, Field(gt=0, le=100)] | None = None
    max_drawdown_percent: Percent | None = None
    warn_percents: Levels | None = None
    daily_loss_percent: Percent | None = None
    day_resets_at: time | None = None
    day_timezone: Zone | None = None
    guard_closes: Literal["all", "ours"] | None = None
    max_lots: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    max_spread_points: Annotated[int, Field(ge=0)] = 0
    lots_without_stop: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    commission_per_lot: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    initial_balance: Annotated[Decimal, Field(ge=0)] = Decimal(0)


class Jobs(Section):
    """How often the jobs run."""

    guard_seconds: Annotated[Decimal, Field(gt=0, le=60)] = Decimal(2)
    reconcile_seconds: Annotated[Decimal, Field(gt=0, le=600)] = Decimal(10)
    expire_seconds: Annotated[Decimal, Field(gt=0, le=60)] = Decimal(5)


class Charts(Section):
    """What pictures look like."""

    candles: Annotated[int, Field(ge=10, le=500)] = 120
    moving_averages: tuple[Positive, Positive] = (20, 50)
    width: Annotated[int, Field(ge=400, le=4000)] = 1200
    height: Annotated[int, Field(ge=300, le=4000)] = 750
    theme: Literal["light", "dark"] = "light"
    source_account: str = ""
    cache_seconds: Positive = 3600
    cache_entries: Positive = 500
    cdn_base_url: str = ""


class Alerts(Section):
    """Where alarms go beside Telegram."""

    url: str = ""
    heartbeat_url: str = ""


class AccountConfig(Section):
    """One trading account."""

    broker: Literal["paper", "mt5", "bridge"]
    kind: Literal["own", "desk"] = "own"
    currency: str = "USD"
    balance: Annotated[Decimal, Field(gt=0)] = Decimal(10_000)
    leverage: Positive = 100
    feed: str = "random"
    speed: Annotated[Decimal, Field(gt=0, le=1000)] = Decimal(1)
    login: int = 0
    server: str = ""
    terminal_path: str = ""
    real_money: bool = False
    risk: AccountRisk = AccountRisk()
    symbols: Mapping[str, str] = {}


class Settings(Section):
    """The whole configuration."""

    service: Service = Service()
    proxy: Proxy = Proxy()
    telegram: Telegram = Telegram()
    database: Database = Database()
    cache: Cache = Cache()
    signals: Signals = Signals()
    approvals: Approvals = Approvals()
    risk: Risk = Risk()
    jobs: Jobs = Jobs()
    charts: Charts = Charts()
    alerts: Alerts = Alerts()
    accounts: Mapping[str, AccountConfig] = {}
    secret_key: SecretStr = SecretStr("")

    @field_validator("accounts")
    @classmethod
    def _named_plainly(
        cls, accounts: Mapping[str, AccountConfig], others: ValidationInfo
    ) -> Mapping[str, AccountConfig]:
        for name in accounts:
            if not (name.isascii() and name.replace("_", "").isalnum()):
                message = f"an account's name is letters, digits and _, was {name!r}"
                raise ValueError(message)
            if len(name) > LONGEST_NAME:
                message = f"an account's name has at most {LONGEST_NAME} characters"
                raise ValueError(message)
        charts = others.data.get("charts", Charts())
        if charts.source_account and charts.source_account not in accounts:
            message = f"charts.source_account names {charts.source_account}, no account"
            raise ValueError(message)
        return accounts
