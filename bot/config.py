"""The configuration: ``config.toml`` for choices, the environment for secrets.

Read once, here and nowhere else. Every key can be overridden by the environment
as ``TAPGATE_<SECTION>__<KEY>``; secrets come only from there, or from a file named
in ``…_FILE``. An unknown key is an error that names it and the nearest known one.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

PREFIX = "TAPGATE_"
SECRETS = ("telegram.token", "telegram.webhook_secret", "secret_key")
"""Never in the file."""
Percent = Annotated[Decimal, Field(ge=0, le=100)]
Positive = Annotated[int, Field(gt=0)]


class ConfigError(Exception):
    """The configuration cannot be used; each problem is a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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


class Telegram(Section):
    """The bot."""

    api_base: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
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

    instruments: tuple[str, ...] = (
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


class Approvals(Section):
    """What an Approve needs."""

    consent_dir: Path = Path("consent")
    max_drift_r: Annotated[Decimal, Field(ge=0)] = Decimal("0.25")
    confirm_above_risk_percent: Percent = Decimal("2.0")
    confirm_live: bool = True


class Risk(Section):
    """Limits of every account that has none of its own."""

    per_trade_percent: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("1.0")
    max_drawdown_percent: Percent = Decimal("20.0")
    warn_percents: tuple[int, ...] = (50, 75, 90)
    daily_loss_percent: Percent = Decimal(0)
    day_resets_at: time = time(0, 0)
    day_timezone: str = "UTC"
    guard_closes: Literal["all", "ours"] = "all"

    @field_validator("day_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            message = f"must be an IANA time zone like Europe/Berlin, was {name!r}"
            raise ValueError(message) from unknown
        return name


class AccountRisk(Section):
    """An account's own limits; what is absent comes from ``[risk]``."""

    per_trade_percent: Annotated[Decimal, Field(gt=0, le=100)] | None = None
    max_drawdown_percent: Percent | None = None
    warn_percents: tuple[int, ...] | None = None
    daily_loss_percent: Percent | None = None
    day_resets_at: time | None = None
    day_timezone: str | None = None
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
    moving_averages: tuple[int, int] = (20, 50)
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
        cls, accounts: Mapping[str, AccountConfig]
    ) -> Mapping[str, AccountConfig]:
        for name in accounts:
            if not (name.isascii() and name.replace("_", "").isalnum() and name[:1]):
                message = f"an account's name is letters, digits and _, was {name!r}"
                raise ValueError(message)
        return accounts


def environment() -> Mapping[str, str]:
    """The process's environment; the only place that reads it."""
    return os.environ  # noqa: TID251 - this module is the place


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the file and lay the environment over it.

    Raises:
        ConfigError: with every problem that was found.
    """
    if not path.is_file():
        raise ConfigError(
            [
                (
                    f"There is no configuration at {path}. Copy config.toml from the "
                    "Tapgate folder here and edit it, or name yours with --config FILE "
                    "or TAPGATE_CONFIG."
                )
            ]
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError([f"{path} is not valid TOML: {broken}"]) from broken
    return build(content, environ, source=str(path))


def build(
    content: dict[str, Any], environ: Mapping[str, str], *, source: str
) -> Settings:
    """Settings from a parsed file and an environment.

    Raises:
        ConfigError: with every problem that was found.
    """
    problems = [
        f"{source}: {name} is a secret and belongs into the environment as "
        f"{_variable(name)}, or into a file named in {_variable(name)}_FILE."
        for name in SECRETS
        if _find(content, name) is not None
    ]
    if problems:
        raise ConfigError(problems)
    merged = _overlaid(content, environ)
    try:
        return Settings.model_validate(merged)
    except ValidationError as invalid:
        raise ConfigError(
            [_sentence(dict(error), source) for error in invalid.errors()]
        ) from invalid


def _variable(name: str) -> str:
    return PREFIX + name.upper().replace(".", "__")


def _find(content: Mapping[str, Any], name: str) -> Any:
    found: Any = content
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _overlaid(content: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The content with ``TAPGATE_…`` variables laid over it."""
    merged = {
        key: dict(value) if isinstance(value, dict) else value
        for key, value in content.items()
    }
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in _NOT_KEYS:
            continue
        name = variable.removeprefix(PREFIX).lower().replace("__", ".")
        secret = name.removesuffix("_file")
        if secret != name and secret in SECRETS:
            _put(merged, secret.split("."), _secret_file(variable, text))
        else:
            _put(merged, name.split("."), _value(text, name))
    return merged


_NOT_KEYS = frozenset({"TAPGATE_CONFIG"})


def _secret_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as missing:
        raise ConfigError(
            [f"{variable} names {path}: {missing.strerror}."]
        ) from missing


def _value(text: str, name: str) -> Any:
    """A variable's text as TOML where it is a list, else as it is."""
    if name in SECRETS or not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(content: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = content.get(part)
        content[part] = dict(inner) if isinstance(inner, Mapping) else {}
        content = content[part]
    content[path[-1]] = value


def _sentence(error: dict[str, Any], source: str) -> str:
    """One problem for a person: the key, what was expected, what was there."""
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, _known_keys(), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{source}: there is no key {name}.{hint}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if any(name.startswith(secret) for secret in SECRETS):
        return f"{source}: {name}: {message}."
    return f"{source}: {name}: {message}, was {error['input']!r}."


def _known_keys() -> list[str]:
    """Every key of the model, with its section before it."""
    found = []
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, Section):
            found += [f"{section}.{key}" for key in model.model_fields]
    return [*found, *(f"accounts.NAME.{key}" for key in AccountConfig.model_fields)]
