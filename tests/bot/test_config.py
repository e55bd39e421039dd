"""The configuration: read once, and every mistake told as a sentence."""

import re
import tomllib
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot import config
from bot.config import ConfigError, build, environment, load, unserved
from bot.settings import AccountConfig, AccountRisk, Section, Settings

ROOT = Path(__file__).parents[2]
PAPER = {"broker": "paper"}
ZONE = "must be an IANA time zone like Europe/Berlin"
PATTERN = "String should match pattern '^[A-Z0-9_]{2,20}$'"
TOKEN = "TAPGATE_TELEGRAM__TOKEN"  # noqa: S105 - a variable's name


def built(content: Mapping[str, Any] | None = None, **environ: str) -> Settings:
    return build(dict(content or {}), environ, source="config.toml")


def problem(content: Mapping[str, Any] | None = None, **environ: str) -> str:
    """The one problem with this configuration."""
    with pytest.raises(ConfigError) as raised:
        built(content, **environ)
    (sentence,) = raised.value.problems
    assert str(raised.value) == sentence
    return sentence


# ------------------------------------------------------------------ the file


def test_an_empty_file_is_the_defaults():
    settings = built()
    assert settings == Settings()
    assert settings.service.port == 8080
    assert settings.risk.max_drawdown_percent == 20
    assert settings.accounts == {}


def test_every_section_can_be_set():
    content = {
        "service": {"port": 9000, "log_format": "json", "data_dir": "elsewhere"},
        "proxy": {"trusted": ["127.0.0.1", "10.0.0.0/8"]},
        "telegram": {"owners": [1, 2], "api_base": "http://127.0.0.1:8081"},
        "database": {"url": "postgresql+psycopg://x@y/z"},
        "cache": {"url": "redis://here"},
        "signals": {"instruments": ["XAUUSD"], "expires_seconds": 60},
        "approvals": {"max_drift_r": 0.5, "confirm_live": False},
        "risk": {"day_resets_at": "22:30", "day_timezone": "Europe/Berlin"},
        "jobs": {"guard_seconds": 0.5},
        "charts": {"theme": "dark", "moving_averages": [9, 21]},
        "alerts": {"url": "https://alarm.example"},
        "accounts": {
            "live_1": PAPER | {"risk": {"max_lots": 1}, "symbols": {"A": "B"}}
        },
    }
    settings = built(content)
    assert set(content) == set(Settings.model_fields) - {"secret_key"}
    assert settings.service.data_dir == Path("elsewhere")
    assert settings.telegram.owners == (1, 2)
    assert settings.risk.day_resets_at == time(22, 30)
    assert settings.jobs.guard_seconds == Decimal("0.5")
    assert settings.accounts["live_1"].risk.max_lots == 1


def test_a_fraction_is_what_was_written():
    settings = built({"approvals": {"max_drift_r": 0.1}})
    assert settings.approvals.max_drift_r == Decimal("0.1")


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigError, match=r"no configuration at .*Copy config.toml"):
        load(tmp_path / "config.toml", {})


@pytest.mark.parametrize("content", [b"[service\n", b"port = ", b"\xff\xfe"])
def test_a_broken_file_says_where(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.toml is not valid TOML: "):
        load(path, {})


def test_a_file_is_read_as_utf_8(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('[service]\ndata_dir = "Größe"\n', encoding="utf-8")
    assert load(path, {}).service.data_dir == Path("Größe")


# ------------------------------------------------------------------ unknown keys


@pytest.mark.parametrize(
    ("content", "key", "near"),
    [
        ({"service": {"prt": 1}}, "service.prt", "service.port"),
        ({"servce": {"port": 1}}, "servce", "service"),
        ({"signals": {"instrumnts": []}}, "signals.instrumnts", "signals.instruments"),
        (
            {"accounts": {"live1": PAPER | {"sped": 1}}},
            "accounts.live1.sped",
            "accounts.live1.speed",
        ),
        (
            {"accounts": {"live1": PAPER | {"risk": {"max_lot": 1}}}},
            "accounts.live1.risk.max_lot",
            "accounts.live1.risk.max_lots",
        ),
        ({"risk": {"guard_close": "all"}}, "risk.guard_close", "risk.guard_closes"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(content, key, near):
    assert problem(content) == (
        f"config.toml: there is no key {key}. Did you mean {near}?"
    )


def test_a_key_that_is_near_to_nothing_has_no_hint():
    assert problem({"zzzzzz": 1}) == "config.toml: there is no key zzzzzz."


def test_every_problem_is_told_at_once():
    with pytest.raises(ConfigError) as raised:
        built({"service": {"port": 0, "hots": "x"}, "risk": {"per_trade_percent": 0}})
    assert len(raised.value.problems) == 3


# ------------------------------------------------------------------ bad values


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {"service": {"port": 70000}},
            "service.port: Input should be less than or equal to 65535, was 70000.",
        ),
        (
            {"service": {"log_format": "xml"}},
            "service.log_format: Input should be 'text' or 'json', was 'xml'.",
        ),
        (
            {"telegram": {"owners": 1001}},
            "telegram.owners: must be a list in brackets, as in [1, 2], was 1001.",
        ),
        ({"service": 8080}, "service: must be a section, was 8080."),
        ({"accounts": "demo"}, "accounts: must be a section, was 'demo'."),
        ({"accounts": {"a": {}}}, "accounts.a.broker: is required."),
        (
            {"accounts": {"a b": PAPER}},
            "accounts: an account's name is letters, digits and _, was 'a b'.",
        ),
        (
            {"accounts": {"": PAPER}},
            "accounts: an account's name is letters, digits and _, was ''.",
        ),
        (
            {"accounts": {"x" * 33: PAPER}},
            "accounts: an account's name has at most 32 characters.",
        ),
        (
            {"risk": {"day_timezone": "Berlin"}},
            f"risk.day_timezone: {ZONE}, was 'Berlin'.",
        ),
        (
            {"accounts": {"a": PAPER | {"risk": {"day_timezone": "../../x"}}}},
            f"accounts.a.risk.day_timezone: {ZONE}, was '../../x'.",
        ),
        (
            {"risk": {"warn_percents": [90, 50]}},
            "risk.warn_percents: must rise, as in [50, 75, 90], was [90, 50].",
        ),
        (
            {"risk": {"warn_percents": [50, 100]}},
            "risk.warn_percents.1: Input should be less than 100, was 100.",
        ),
        (
            {"signals": {"instruments": ["gold"]}},
            f"signals.instruments.0: {PATTERN}, was 'gold'.",
        ),
        (
            {"charts": {"moving_averages": [0, 5]}},
            "charts.moving_averages.0: Input should be greater than 0, was 0.",
        ),
        (
            {"charts": {"source_account": "live"}, "accounts": {"demo": PAPER}},
            "accounts: charts.source_account names live, no account.",
        ),
    ],
)
def test_a_bad_value_is_a_sentence(content, sentence):
    assert problem(content) == f"config.toml: {sentence}"


def test_the_accounts_candles_may_be_drawn():
    content = {"charts": {"source_account": "demo"}, "accounts": {"demo": PAPER}}
    assert built(content).charts.source_account == "demo"


# ------------------------------------------------------------------ environment


def test_the_environment_overrides_the_file():
    settings = built(
        {"service": {"port": 1, "host": "0.0.0.0"}},  # noqa: S104 - a value to keep
        TAPGATE_SERVICE__PORT="9000",
    )
    assert (settings.service.port, settings.service.host) == (9000, "0.0.0.0")  # noqa: S104


def test_lists_are_written_as_in_the_file():
    settings = built(
        TAPGATE_TELEGRAM__OWNERS="[1001, 1002]",
        TAPGATE_SIGNALS__INSTRUMENTS='["XAUUSD"]',
        TAPGATE_RISK__WARN_PERCENTS="[]",
    )
    assert settings.telegram.owners == (1001, 1002)
    assert settings.signals.instruments == ("XAUUSD",)
    assert settings.risk.warn_percents == ()


def test_a_list_that_is_none_is_told_as_it_was_written():
    assert problem(TAPGATE_TELEGRAM__OWNERS="[1001,") == (
        "TAPGATE_TELEGRAM__OWNERS: telegram.owners: must be a list in brackets, "
        "as in [1, 2], was '[1001,'."
    )


def test_accounts_can_be_made_and_changed_from_outside():
    settings = built(
        {"accounts": {"Live1": PAPER}},
        TAPGATE_ACCOUNTS__LIVE1__RISK__MAX_LOTS="2.5",
        TAPGATE_ACCOUNTS__DEMO__BROKER="paper",
        TAPGATE_ACCOUNTS__DEMO__SPEED="10",
    )
    assert settings.accounts["Live1"].risk.max_lots == Decimal("2.5")
    assert settings.accounts["demo"].speed == 10


def test_the_file_itself_is_not_changed_by_the_environment():
    content = {"accounts": {"demo": dict(PAPER)}}
    built(content, TAPGATE_ACCOUNTS__DEMO__SPEED="10")
    assert content == {"accounts": {"demo": PAPER}}


def test_a_section_may_come_from_outside_alone():
    assert built({"service": 5}, TAPGATE_SERVICE__PORT="9000").service.port == 9000


@pytest.mark.parametrize(
    "name",
    [
        "TAPGATE_CONFIG",
        "TAPGATE_PROVIDER_SECRET",
        "TAPGATE_NO_MISSING",
        "TAPGATE_SERVICE",
        "OTHER_SERVICE__PORT",
    ],
)
def test_a_variable_that_is_no_key_is_left_alone(name):
    assert built(**{name: "x"}) == Settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TAPGATE_TELEGRAM_TOKEN", TOKEN),
        ("TAPGATE_TELEGRAM_TOKEN_FILE", TOKEN),
        ("TAPGATE_SERVICE_PORT", "TAPGATE_SERVICE__PORT"),
    ],
)
def test_one_underscore_too_few_is_told(name, meant):
    assert problem(**{name: "x"}) == f"{name} sets nothing. Did you mean {meant}?"


def test_an_unknown_key_from_outside_names_its_variable():
    assert problem(TAPGATE_SERVICE__PRT="1") == (
        "TAPGATE_SERVICE__PRT: there is no key service.prt. Did you mean service.port?"
    )


def test_the_environment_is_the_process_s(monkeypatch):
    monkeypatch.setenv("TAPGATE_SERVICE__PORT", "9000")
    assert environment()["TAPGATE_SERVICE__PORT"] == "9000"


# ------------------------------------------------------------------ secrets


@pytest.mark.parametrize(
    ("content", "variable"),
    [
        ({"telegram": {"token": "42:x"}}, TOKEN),
        ({"telegram": {"webhook_secret": "x"}}, "TAPGATE_TELEGRAM__WEBHOOK_SECRET"),
        ({"secret_key": "x"}, "TAPGATE_SECRET_KEY"),
    ],
)
def test_a_secret_in_the_file_is_refused_without_repeating_it(content, variable):
    sentence = problem(content)
    assert f"belongs into the environment as {variable}, or into a file" in sentence
    assert "42:x" not in sentence


def test_secrets_come_from_the_environment():
    settings = built(**{TOKEN: "42:secret", "TAPGATE_SECRET_KEY": "k" * 32})
    assert settings.telegram.token.get_secret_value() == "42:secret"
    assert settings.secret_key.get_secret_value() == "k" * 32


def test_secrets_come_from_files(tmp_path):
    (tmp_path / "token").write_text("42:secret\n")
    (tmp_path / "key").write_text("  " + "k" * 32 + "\n")
    settings = built(
        **{
            f"{TOKEN}_FILE": str(tmp_path / "token"),
            "TAPGATE_SECRET_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert settings.telegram.token.get_secret_value() == "42:secret"
    assert settings.secret_key.get_secret_value() == "k" * 32


def test_a_secret_that_looks_like_a_list_is_a_secret():
    assert built(**{TOKEN: "[1]"}).telegram.token == SecretStr("[1]")


def test_a_missing_secret_file_is_told(tmp_path):
    sentence = problem(**{f"{TOKEN}_FILE": str(tmp_path / "nowhere")})
    assert sentence.startswith(f"{TOKEN}_FILE names {tmp_path / 'nowhere'}: No such")


@given(st.text(min_size=1, max_size=40))
def test_settings_never_show_a_secret(secret):
    settings = built(**{TOKEN: f"42:{secret}"})
    assert settings.telegram.token.get_secret_value() == f"42:{secret}"
    assert "token=SecretStr('**********')" in repr(settings)


def test_a_wrong_secret_is_not_repeated(monkeypatch):
    monkeypatch.setattr(config, "_value", lambda _text, _name: 5)
    sentence = problem(**{TOKEN: "42:secret"})
    assert sentence.endswith("telegram.token: Input should be a valid string.")


# ------------------------------------------------------------------ unserved choices


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"cache": {"url": "redis://x"}}, "cache.url: this version serves only"),
        ({"alerts": {"url": "https://x"}}, "alerts: this version alarms by Telegram"),
        ({"alerts": {"heartbeat_url": "https://x"}}, "alerts: this version alarms"),
        ({"accounts": {"a": {"broker": "mt5"}}}, "accounts.a.broker: this version"),
        ({"accounts": {"a": {"broker": "bridge"}}}, "accounts.a.broker: this version"),
    ],
)
def test_a_choice_that_is_not_served_is_named(content, sentence):
    (told,) = unserved(built(content))
    assert told.startswith(sentence)


def test_what_is_served_is_not_named():
    assert unserved(built({"accounts": {"demo": PAPER}})) == []
    assert unserved(built({"telegram": {"mode": "webhook"}})) == []


# ------------------------------------------------------------------ config.toml itself

FILE = ROOT / "config.toml"
UNSERVED = {"alerts.url", "alerts.heartbeat_url"}
"""Keys whose only value so far is the default."""
NOT_IN_THE_FILE = {"telegram.token", "telegram.webhook_secret", "secret_key"} | UNSERVED
NOT_OF_PAPER = {"login", "server", "terminal_path", "real_money", "risk", "symbols"}


def _keys(model: type[Section], before: str = "") -> dict[str, Any]:
    """Every key of the model below its sections, with its default."""
    found: dict[str, Any] = {}
    for key, field in model.model_fields.items():
        if isinstance(field.default, Section):
            found |= _keys(type(field.default), f"{key}.")
        elif key != "accounts":
            found[f"{before}{key}"] = field.default
    return found


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{key}": value
        for section, table in content.items()
        if section != "accounts"
        for key, value in table.items()
    }


def test_the_file_has_every_key_of_the_model_and_no_other():
    content = _flat(tomllib.loads(FILE.read_text()))
    assert set(content) == set(_keys(Settings)) - NOT_IN_THE_FILE


def test_the_file_says_the_defaults():
    settings = load(FILE, {})
    for name, default in _keys(Settings).items():
        if name not in NOT_IN_THE_FILE:
            section, key = name.split(".")
            assert getattr(getattr(settings, section), key) == default, name


def test_the_file_s_account_has_every_key_of_a_paper_account_with_its_default():
    (account,) = tomllib.loads(FILE.read_text())["accounts"].values()
    assert set(account) == set(AccountConfig.model_fields) - NOT_OF_PAPER
    assert AccountConfig.model_validate(account) == AccountConfig(broker="paper")


def test_every_key_of_the_file_has_a_comment():
    lines = [
        line
        for line in FILE.read_text().splitlines()
        if re.match(r"(# )?[a-z_]+ = ", line)
    ]
    assert [line for line in lines if "#" not in line[2:]] == []


def test_an_account_s_own_limits_are_explained_in_the_file():
    text = FILE.read_text()
    own = set(AccountRisk.model_fields) - set(Settings().risk.model_dump())
    missing = [name for name in own if f"# {name} = " not in text]
    assert set(missing) <= {"initial_balance"}


def test_the_file_works_as_it_is():
    settings = load(FILE, {})
    assert unserved(settings) == []
    assert settings.approvals.consent_dir == Path("consent")
    assert (ROOT / settings.approvals.consent_dir / "en-1.md").is_file()


def test_a_certificate_is_demanded_only_where_a_proxy_can_show_it():
    demand = {"proxy": {"demand_tradingview_certificate": True}}
    with pytest.raises(ValueError, match="needs trusted"):
        Settings.model_validate(demand)
    demand["proxy"]["trusted"] = ["127.0.0.1"]
    assert Settings.model_validate(demand).proxy.demand_tradingview_certificate
