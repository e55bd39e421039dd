"""From the configuration to the core's words."""

from dataclasses import fields
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.plans import (
    choices_of,
    intake_rules_of,
    plan_of,
    public_url,
    rules_of,
    seconds,
)
from bot.settings import AccountConfig, Settings
from core.accounts import AccountKind, BrokerKind, GuardScope, RiskRules
from core.broker import TradeMode
from core.desk.tools import Consent

CONSENT = Consent(version="1", sha256="c" * 64, text="terms")


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def account(**keys: Any) -> AccountConfig:
    return AccountConfig.model_validate({"broker": "paper", **keys})


def test_an_account_without_limits_of_its_own_has_the_common_ones():
    common = settings(
        risk={
            "per_trade_percent": 2,
            "max_drawdown_percent": 15,
            "daily_loss_percent": 5,
            "warn_percents": [40],
            "day_resets_at": "22:00",
            "day_timezone": "Europe/Berlin",
            "guard_closes": "ours",
        },
        approvals={
            "confirm_above_risk_percent": 3,
            "confirm_live": False,
            "max_drift_r": "0.1",
            "second_above_risk_percent": "1.5",
        },
    )
    assert rules_of(common, account()) == RiskRules(
        per_trade_percent=Decimal(2),
        max_drawdown_percent=Decimal(15),
        daily_loss_percent=Decimal(5),
        warn_percents=(40,),
        day_resets_at=time(22),
        day_timezone="Europe/Berlin",
        guard_closes=GuardScope.OURS,
        max_lots=Decimal(0),
        max_spread_points=0,
        lots_without_stop=Decimal(0),
        confirm_above_risk_percent=Decimal(3),
        confirm_live=False,
        max_drift_r=Decimal("0.1"),
        second_above_risk_percent=Decimal("1.5"),
    )


def test_an_account_s_own_limits_come_first():
    own = account(
        risk={
            "per_trade_percent": "0.5",
            "daily_loss_percent": 0,
            "guard_closes": "ours",
            "max_lots": 1,
            "max_spread_points": 30,
            "lots_without_stop": "0.01",
        }
    )
    rules = rules_of(settings(risk={"daily_loss_percent": 5}), own)
    assert (rules.per_trade_percent, rules.max_lots) == (Decimal("0.5"), 1)
    assert (rules.daily_loss_percent, rules.max_drawdown_percent) == (0, 20)
    assert rules.guard_closes is GuardScope.OURS
    assert (rules.max_spread_points, rules.lots_without_stop) == (30, Decimal("0.01"))


def test_every_rule_of_the_core_comes_from_the_configuration():
    assert {field.name for field in fields(RiskRules)} == set(
        rules_of(settings(), account()).__slots__
    )


@pytest.mark.parametrize(
    ("keys", "mode"),
    [
        ({"broker": "paper", "real_money": True}, TradeMode.PAPER),
        ({"broker": "mt5"}, TradeMode.DEMO),
        ({"broker": "mt5", "real_money": True}, TradeMode.LIVE),
        ({"broker": "bridge", "real_money": True}, TradeMode.LIVE),
    ],
)
def test_only_what_is_said_to_be_real_money_is_live(keys, mode):
    assert plan_of("a", account(**keys)).mode is mode


def test_an_account_is_planned_as_configured():
    plan = plan_of("desk1", account(kind="desk", currency="EUR", broker="bridge"))
    assert (plan.id, plan.currency) == ("desk1", "EUR")
    assert (plan.kind, plan.broker) == (AccountKind.DESK, BrokerKind.BRIDGE)


def test_the_desk_s_choices_come_from_the_configuration():
    chosen = choices_of(
        settings(
            telegram={"owners": [7]},
            charts={
                "candles": 60,
                "moving_averages": [20, 200],
                "source_account": "demo",
            },
            accounts={"demo": {"broker": "paper"}},
        ),
        CONSENT,
    )
    assert chosen.owners == {7}
    assert chosen.chart_candles == 260
    assert chosen.chart_account == "demo"
    assert list(chosen.rules) == ["demo"]
    assert chosen.consent is CONSENT


def test_without_a_source_any_account_s_candles_are_drawn():
    assert choices_of(settings(), CONSENT).chart_account is None


@pytest.mark.parametrize(("period", "stale"), [("0.5", 6), ("2", 6), ("10", 30)])
def test_evidence_is_stale_after_three_periods_or_six_seconds(period, stale):
    chosen = choices_of(settings(jobs={"guard_seconds": period}), CONSENT)
    assert chosen.stale_after == timedelta(seconds=stale)


def test_what_providers_may_send_comes_from_the_configuration():
    rules = intake_rules_of(
        settings(
            signals={
                "instruments": ["XAUUSD"],
                "require_stop_loss": False,
                "expires_seconds": 60,
            }
        )
    )
    assert rules.instruments == ("XAUUSD",)
    assert not rules.require_stop_loss
    assert rules.expires_after == timedelta(minutes=1)


def test_a_fraction_of_a_second_is_kept():
    assert seconds(Decimal("0.25")) == timedelta(milliseconds=250)


def test_the_outside_reaches_us_where_we_say_or_where_we_listen():
    assert public_url(settings()) == "http://127.0.0.1:8080"
    there = settings(service={"public_url": "https://tapgate.example"})
    assert public_url(there) == "https://tapgate.example"
