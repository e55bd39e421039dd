"""One valid row of each kind; a test names only what matters to it.

Rows belong to provider ``demo``, account ``demo`` and user 1, and ids are distinct.
A journal checks references: ``furnish`` puts those three there first.
"""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.accounts import (
    Account,
    AccountKind,
    BrokerKind,
    EquityPoint,
    GuardPhase,
    GuardState,
    Reconciliation,
)
from core.broker import TradeMode
from core.groups import NO_TOPIC, GroupChat, Posting
from core.ids import (
    AccountId,
    ApprovalId,
    GroupId,
    OrderId,
    PostingId,
    PromptId,
    ProviderName,
    RuleId,
    SendId,
    SignalId,
    Ticket,
    TradeId,
    UserId,
)
from core.market import OrderType, Side, Timeframe
from core.messages import (
    Broadcast,
    InboxUpdate,
    Lease,
    NoticeKind,
    OutboxItem,
    Priority,
    Topic,
    Undelivered,
)
from core.orders import Cause, Order, OrderKind, OrderState, Send, SendState
from core.ports import Insert, Journal, Record, Row
from core.prompts import Approval, Decision, Prompt, PromptKind, PromptState
from core.refusals import RefusalCause, RefusedRequests
from core.signals import Action, Signal, SignalStatus, Source
from core.standing import StandingRule
from core.trades import Trade, TradeState
from core.users import (
    EVERY_INSTRUMENT,
    EVERY_PROVIDER,
    Invite,
    JoinRequest,
    Membership,
    Provider,
    RequestState,
    Role,
    Subscription,
    User,
)
from tests.fakes import NOON

DEMO = ProviderName("demo")
ACCOUNT = AccountId("demo")
USER = UserId(1)

_count = itertools.count(1)


def _id(prefix: str) -> str:
    return f"{prefix}{next(_count):022d}"


def a_provider(**over: Any) -> Provider:
    row = Provider(
        id=DEMO,
        secret_sealed="sealed",  # noqa: S106 - not a secret
        public_key=None,
        former_secret_sealed=None,
        former_public_key=None,
        former_until=None,
        read_token_hash="0" * 64,
        hook_token_hash=None,
        instruments=(),
        rate_per_minute=None,
        rate_burst=None,
        open_signals=None,
        muted_until=None,
        enabled=True,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(row, **over)


def a_user(**over: Any) -> User:
    row = User(
        id=USER,
        name="Ada",
        language="en",
        consent_version="1",
        consent_hash="c" * 64,
        consented_at=NOON,
        blocked_at=None,
        paused_until=None,
        time_zone="",
        quiet_from=None,
        quiet_until=None,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(row, **over)


def an_account(**over: Any) -> Account:
    row = Account(
        id=ACCOUNT,
        broker=BrokerKind.PAPER,
        kind=AccountKind.OWN,
        mode=TradeMode.PAPER,
        currency="USD",
        person_id=None,
        enabled=True,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(row, **over)


def a_guard(**over: Any) -> GuardState:
    row = GuardState(
        id=ACCOUNT,
        phase=GuardPhase.ARMED,
        peak=Decimal(10_000),
        equity=Decimal(10_000),
        balance=Decimal(10_000),
        day_start_equity=Decimal(10_000),
        day="2026-11-24",
        measured_at=NOON,
        blind_since=None,
        blind_told=False,
        breach_since=None,
        warned_percent=0,
        reason="",
        triggered_at=None,
        trigger_equity=None,
        trigger_peak=None,
        flat_readings=0,
        deal_cursor=0,
        rearmed_by=None,
        rearmed_at=None,
        rearm_reason="",
        updated_at=NOON,
    )
    return replace(row, **over)


def an_equity_point(**over: Any) -> EquityPoint:
    row = EquityPoint(
        id=_id("EQTY"),
        account_id=ACCOUNT,
        at=NOON,
        balance=Decimal(10_000),
        equity=Decimal("10012.35"),
        peak=Decimal("10100.5"),
    )
    return replace(row, **over)


def a_refusal(**over: Any) -> RefusedRequests:
    row = RefusedRequests(
        id=_id("RFSD"),
        provider="demo",
        cause=RefusalCause.FORGED,
        count=1,
        address="192.0.2.1",
        first_at=NOON,
        last_at=NOON,
    )
    return replace(row, **over)


def a_reconciliation(**over: Any) -> Reconciliation:
    row = Reconciliation(
        id=_id("RCNC"),
        account_id=ACCOUNT,
        at=NOON,
        matched=3,
        changes='["trade 1 closed by its stop"]',
    )
    return replace(row, **over)


def a_membership(**over: Any) -> Membership:
    row = Membership(
        id=_id("MMBR"),
        user_id=USER,
        account_id=ACCOUNT,
        role=Role.APPROVER,
        invited_by=None,
        until=None,
        warned=False,
        max_drift_r=None,
        risk_percent=None,
        created_at=NOON,
    )
    return replace(row, **over)


def an_invite(**over: Any) -> Invite:
    identity = _id("INVT")
    row = Invite(
        id=identity,
        token_hash=f"hash of {identity}",
        role=Role.APPROVER,
        account_id=ACCOUNT,
        uses=1,
        uses_left=1,
        created_by=None,
        expires_at=NOON + timedelta(hours=72),
        created_at=NOON,
    )
    return replace(row, **over)


def a_join_request(**over: Any) -> JoinRequest:
    row = JoinRequest(
        id=USER,
        state=RequestState.WAITING,
        asked_at=NOON,
        decided_by=None,
        decided_at=None,
    )
    return replace(row, **over)


def a_subscription(**over: Any) -> Subscription:
    row = Subscription(
        id=_id("SBSC"),
        user_id=USER,
        provider=DEMO,
        instrument=EVERY_INSTRUMENT,
        enabled=True,
        created_at=NOON,
    )
    return replace(row, **over)


def a_signal(**over: Any) -> Signal:
    identity = _id("SGNL")
    row = Signal(
        id=SignalId(identity),
        provider=DEMO,
        external_id=f"external {identity}",
        webhook_id=None,
        source=Source.API,
        action=Action.OPEN,
        target=None,
        instrument="XAUUSD",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        price=Decimal("1950.50"),
        stop_loss=Decimal("1945.00"),
        take_profit=Decimal("1965.00"),
        timeframe=Timeframe.M15,
        user_id=None,
        payload='{"confidence":0.85}',
        content_hash="a" * 64,
        status=SignalStatus.NEW,
        recipients=1,
        chart_path=None,
        proposed_at=None,
        cancelled_at=None,
        expires_at=NOON + timedelta(minutes=15),
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(row, **over)


def a_standing_rule(**over: Any) -> StandingRule:
    row = StandingRule(
        id=RuleId(_id("RULE")),
        user_id=USER,
        account_id=ACCOUNT,
        provider=DEMO,
        max_risk_percent=Decimal("0.5"),
        per_day=3,
        until=NOON + timedelta(days=3),
        granted_update_id=next(_count),
        revoked_at=None,
        created_at=NOON,
    )
    return replace(row, **over)


def a_group_chat(**over: Any) -> GroupChat:
    row = GroupChat(
        id=GroupId(_id("GRUP")),
        chat_id=-1_001_000_000_000,
        topic_id=NO_TOPIC,
        title="Traders",
        account_id=ACCOUNT,
        provider=EVERY_PROVIDER,
        added_by=USER,
        enabled=True,
        created_at=NOON,
    )
    return replace(row, **over)


def a_posting(**over: Any) -> Posting:
    identity = _id("POST")
    row = Posting(
        id=PostingId(identity),
        signal_id=SignalId("SIGNAL"),
        account_id=ACCOUNT,
        group_id=GroupId("GROUP"),
        chat_id=-1_001_000_000_000,
        topic_id=NO_TOPIC,
        message_id=None,
        nonce=f"nonce-{identity}",
        created_at=NOON,
    )
    return replace(row, **over)


def a_prompt(**over: Any) -> Prompt:
    identity = _id("PRMT")
    row = Prompt(
        id=PromptId(identity),
        signal_id=SignalId("SIGNAL"),
        user_id=USER,
        account_id=ACCOUNT,
        kind=PromptKind.OPEN,
        attempt=1,
        viewer=False,
        state=PromptState.SENT,
        reason="",
        nonce=f"nonce of {identity}",
        price=Decimal("1950.50"),
        lots=Decimal("0.18"),
        risk_money=Decimal("99.00"),
        risk_percent=Decimal("0.99"),
        reward_money=Decimal("261.00"),
        spread=Decimal("0.25"),
        headroom=Decimal("2000.00"),
        drift_r=None,
        drift_points=None,
        confirm_until=None,
        snoozed_until=None,
        decided_by=None,
        decided_at=None,
        chat_id=1,
        message_id=100,
        former_message_id=None,
        held=False,
        expires_at=NOON + timedelta(minutes=15),
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(row, **over)


def an_approval(**over: Any) -> Approval:
    row = Approval(
        id=ApprovalId(_id("APRV")),
        signal_id=SignalId("SIGNAL"),
        prompt_id=PromptId("PROMPT"),
        user_id=USER,
        account_id=ACCOUNT,
        decision=Decision.APPROVE,
        consent_version="1",
        consent_hash="c" * 64,
        reason=None,
        reason_asked_at=None,
        price=Decimal("1950.50"),
        lots=Decimal("0.18"),
        update_id=7,
        seconds=None,
        rule_id=None,
        rule_number=None,
        created_at=NOON,
    )
    return replace(row, **over)


def an_order(**over: Any) -> Order:
    row = Order(
        id=OrderId(_id("ORDR")),
        account_id=ACCOUNT,
        signal_id=None,
        prompt_id=None,
        approval_id=None,
        trade_id=None,
        kind=OrderKind.OPEN,
        attempt=1,
        cause=Cause.TAP,
        user_id=USER,
        state=OrderState.QUEUED,
        reason="",
        instrument="XAUUSD",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        volume=Decimal("0.18"),
        price=Decimal("1950.50"),
        deviation=Decimal("1.25"),
        stop_loss=Decimal("1945.00"),
        take_profit=Decimal("1965.00"),
        risk_money=Decimal("99.00"),
        ticket=None,
        position_id=None,
        filled_volume=None,
        filled_price=None,
        expires_at=NOON + timedelta(minutes=15),
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(row, **over)


def a_send(**over: Any) -> Send:
    number = next(_count)
    row = Send(
        id=SendId(f"SEND{number:022d}"),
        order_id=OrderId("ORDER"),
        account_id=ACCOUNT,
        number=1,
        magic=(1 << 32) + number,
        state=SendState.IN_FLIGHT,
        retcode=None,
        message="",
        sent_at=NOON,
        answered_at=None,
    )
    return replace(row, **over)


def a_trade(**over: Any) -> Trade:
    number = next(_count)
    row = Trade(
        id=TradeId(f"TRDE{number:022d}"),
        account_id=ACCOUNT,
        signal_id=None,
        order_id=None,
        position_id=Ticket(number),
        ticket=Ticket(number),
        instrument="XAUUSD",
        side=Side.BUY,
        state=TradeState.OPEN,
        volume=Decimal("0.18"),
        volume_open=Decimal("0.18"),
        open_price=Decimal("1950.55"),
        stop_loss=Decimal("1945.00"),
        take_profit=Decimal("1965.00"),
        risk_money=Decimal("99.00"),
        first_stop=Decimal("1945.00"),
        floating=Decimal("-4.50"),
        booked=Decimal(0),
        close_price=None,
        close_reason=None,
        profit=None,
        opened_at=NOON,
        closed_at=None,
        updated_at=NOON,
    )
    return replace(row, **over)


def an_outbox_item(**over: Any) -> OutboxItem:
    row = OutboxItem(
        id=_id("OTBX"),
        topic=Topic.PROPOSE,
        subject="SIGNAL",
        notice=NoticeKind.NONE,
        detail="",
        user_id=None,
        priority=Priority.PROMPT,
        attempts=0,
        due_at=NOON,
        claimed_until=None,
        done_at=None,
        failed=Undelivered.NONE,
        created_at=NOON,
    )
    return replace(row, **over)


def an_inbox_update(**over: Any) -> InboxUpdate:
    number = next(_count)
    row = InboxUpdate(
        id=number,
        user_id=USER,
        body=f'{{"update_id":{number}}}',
        received_at=NOON,
        done_at=None,
    )
    return replace(row, **over)


def a_broadcast(**over: Any) -> Broadcast:
    row = Broadcast(
        id=_id("CAST"),
        user_id=USER,
        text="The desk is closed tomorrow.",
        total=2,
        created_at=NOON,
        started_at=None,
        finished_at=None,
    )
    return replace(row, **over)


def a_lease(**over: Any) -> Lease:
    row = Lease(
        id=_id("LEAS"),
        holder="here",
        epoch=1,
        expires_at=NOON + timedelta(seconds=3),
    )
    return replace(row, **over)


def a_record(**over: Any) -> Record:
    write = Record(actor="user:1", action="approve", subject="PROMPT")
    return replace(write, **over)


async def furnish(journal: Journal, *more: Row) -> None:
    """Commit what every story needs: provider, user, account and its guard."""
    rows = (a_provider(), a_user(), an_account(), a_guard(), *more)
    await journal.commit(*(Insert(row) for row in rows))
