"""Everything that the first version keeps."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")

TABLES = [
    "providers",
    "refused_requests",
    "users",
    "accounts",
    "memberships",
    "invites",
    "join_requests",
    "group_chats",
    "subscriptions",
    "signals",
    "standing_rules",
    "prompts",
    "postings",
    "approvals",
    "orders",
    "sends",
    "trades",
    "guards",
    "equity_points",
    "reconciliations",
    "inbox",
    "outbox",
    "broadcasts",
    "audit",
    "leases",
    "counters",
]

Columns = list[sa.Column[Any]]


def _columns(names: str, kind: Any, *, null: bool) -> Columns:
    return [
        sa.Column(name, kind, nullable=null, autoincrement=False)
        for name in names.split()
    ]


def texts(names: str, *, null: bool = False) -> Columns:
    return _columns(names, sa.String(), null=null)


def words(names: str, *, null: bool = False) -> Columns:
    return _columns(names, sa.String(32), null=null)


def moments(names: str, *, null: bool = False) -> Columns:
    return _columns(names, MOMENT, null=null)


def integers(names: str, *, null: bool = False) -> Columns:
    return _columns(names, sa.Integer(), null=null)


def numbers(names: str, *, null: bool = False) -> Columns:
    return _columns(names, sa.BigInteger(), null=null)


def flags(names: str) -> Columns:
    return _columns(names, sa.Boolean(), null=False)


def key(table: str, column: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    name = "_".join(("uq", table, *columns))
    return sa.UniqueConstraint(*columns, name=op.f(name))


def refers(
    table: str,
    column: str,
    target: str,
    *,
    ondelete: Literal["CASCADE", "RESTRICT"] = "RESTRICT",
    use_alter: bool = False,
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=op.f(f"fk_{table}_{column}"),
        ondelete=ondelete,
        use_alter=use_alter,
    )


def rule(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def one_of(table: str, column: str, values: str) -> sa.CheckConstraint:
    listed = ", ".join(map(repr, values.split(" ")))
    return rule(table, column, f"{column} IN ({listed})")


def index(
    table: str, name: str, *columns: Any, where: str = "", unique: bool = False
) -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        op.f(name),
        table,
        list(columns),
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    _create_people()
    _create_trading()
    _create_orders()
    _create_memory()
    _create_queues()


def downgrade() -> None:
    if op.get_context().dialect.supports_alter:
        op.drop_constraint(op.f("fk_orders_trade_id"), "orders")
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_people() -> None:
    op.create_table(
        "providers",
        *texts("id read_token_hash instruments"),
        *texts(
            "secret_sealed public_key former_secret_sealed former_public_key"
            " hook_token_hash",
            null=True,
        ),
        *integers("rate_per_minute rate_burst open_signals", null=True),
        *flags("enabled"),
        *moments("former_until muted_until", null=True),
        *moments("created_at updated_at"),
        *integers("version"),
        key("providers", "id"),
    )
    op.create_table(
        "refused_requests",
        *texts("id provider address"),
        *words("cause"),
        *integers("count version"),
        *moments("first_at last_at"),
        key("refused_requests", "id"),
        one_of(
            "refused_requests",
            "cause",
            "unnamed unknown disabled unsigned forged retired stale reader"
            " hook certificate alert",
        ),
    )
    op.create_table(
        "users",
        *numbers("id"),
        *texts("name language consent_version consent_hash time_zone"),
        *moments("consented_at blocked_at paused_until", null=True),
        *integers("quiet_from quiet_until", null=True),
        *moments("created_at updated_at"),
        *integers("version"),
        key("users", "id"),
    )
    op.create_table(
        "accounts",
        *texts("id currency"),
        *words("broker kind mode"),
        *numbers("person_id", null=True),
        *flags("enabled"),
        *words("source"),
        *texts("settings"),
        *moments("created_at updated_at"),
        *integers("version"),
        key("accounts", "id"),
        refers("accounts", "person_id", "users"),
        one_of("accounts", "broker", "paper mt5 bridge"),
        one_of("accounts", "kind", "own desk"),
        one_of("accounts", "mode", "paper demo live"),
        one_of("accounts", "source", "config added follow"),
    )
    op.create_table(
        "memberships",
        *texts("id account_id"),
        *numbers("user_id"),
        *words("role"),
        *numbers("invited_by", null=True),
        *moments("until", null=True),
        *flags("warned"),
        *texts("max_drift_r risk_percent", null=True),
        *moments("created_at"),
        *integers("version"),
        key("memberships", "id"),
        unique("memberships", "user_id", "account_id"),
        refers("memberships", "user_id", "users"),
        refers("memberships", "account_id", "accounts"),
        refers("memberships", "invited_by", "users"),
        one_of("memberships", "role", "viewer approver admin owner"),
    )
    index("memberships", "ix_memberships_account_id", "account_id")
    op.create_table(
        "invites",
        *texts("id token_hash account_id"),
        *words("role"),
        *integers("uses uses_left version"),
        *numbers("created_by", null=True),
        *moments("expires_at created_at"),
        key("invites", "id"),
        unique("invites", "token_hash"),
        refers("invites", "account_id", "accounts"),
        refers("invites", "created_by", "users"),
        one_of("invites", "role", "viewer approver admin owner"),
        rule("invites", "uses_left", "uses_left >= 0"),
    )
    op.create_table(
        "join_requests",
        *numbers("id"),
        *words("state"),
        *numbers("decided_by", null=True),
        *moments("asked_at"),
        *moments("decided_at", null=True),
        *integers("version"),
        key("join_requests", "id"),
        refers("join_requests", "id", "users"),
        refers("join_requests", "decided_by", "users"),
        one_of("join_requests", "state", "waiting accepted declined"),
    )
    op.create_table(
        "group_chats",
        *texts("id title account_id provider"),
        *numbers("chat_id topic_id added_by"),
        *flags("enabled"),
        *moments("created_at"),
        *integers("version"),
        key("group_chats", "id"),
        unique("group_chats", "chat_id", "topic_id", "account_id", "provider"),
        refers("group_chats", "account_id", "accounts"),
        refers("group_chats", "added_by", "users"),
    )
    index("group_chats", "ix_group_chats_account_id", "account_id")
    op.create_table(
        "subscriptions",
        *texts("id provider instrument"),
        *numbers("user_id"),
        *flags("enabled"),
        *moments("created_at"),
        *integers("version"),
        key("subscriptions", "id"),
        unique("subscriptions", "user_id", "provider", "instrument"),
        refers("subscriptions", "user_id", "users"),
    )


def _create_trading() -> None:
    op.create_table(
        "signals",
        *texts("id provider external_id instrument price payload content_hash"),
        *words("source action side order_type timeframe status"),
        *texts("webhook_id target stop_loss take_profit chart_path", null=True),
        *numbers("user_id", null=True),
        *integers("recipients version"),
        *moments("proposed_at cancelled_at", null=True),
        *moments("expires_at created_at updated_at"),
        key("signals", "id"),
        unique("signals", "provider", "external_id"),
        unique("signals", "provider", "webhook_id"),
        refers("signals", "provider", "providers"),
        refers("signals", "user_id", "users"),
        one_of("signals", "source", "api tradingview"),
        one_of("signals", "action", "open cancel update close"),
        one_of("signals", "side", "buy sell"),
        one_of("signals", "order_type", "market limit stop"),
        one_of("signals", "timeframe", "M1 M5 M15 M30 H1 H4 D1 W1"),
        one_of(
            "signals",
            "status",
            "new approved executed closed cancelled rejected expired",
        ),
    )
    index("signals", "ix_signals_content_hash", "content_hash")
    index("signals", "ix_signals_instrument_status", "instrument", "status")
    index(
        "signals",
        "ix_signals_provider_created_at",
        "provider",
        sa.text("created_at DESC"),
    )
    index("signals", "ix_signals_provider_status", "provider", "status")
    index("signals", "ix_signals_status_expires_at", "status", "expires_at")
    index(
        "signals",
        "ix_signals_user_id_created_at",
        "user_id",
        sa.text("created_at DESC"),
    )
    op.create_table(
        "standing_rules",
        *texts("id account_id provider max_risk_percent"),
        *numbers("user_id granted_update_id"),
        *integers("per_day version"),
        *moments("until created_at"),
        *moments("revoked_at", null=True),
        key("standing_rules", "id"),
        unique("standing_rules", "granted_update_id"),
        refers("standing_rules", "user_id", "users"),
        refers("standing_rules", "account_id", "accounts"),
        refers("standing_rules", "provider", "providers"),
        rule("standing_rules", "per_day", "per_day > 0"),
    )
    index(
        "standing_rules",
        "ix_standing_rules_user_id_account_id",
        "user_id",
        "account_id",
    )
    op.create_table(
        "prompts",
        *texts("id signal_id account_id reason nonce"),
        *numbers("user_id"),
        *words("kind state"),
        *integers("attempt version"),
        *flags("viewer held"),
        *texts(
            "price lots risk_money risk_percent reward_money spread headroom "
            "drift_r drift_points",
            null=True,
        ),
        *moments("confirm_until snoozed_until decided_at", null=True),
        *numbers("decided_by chat_id message_id former_message_id", null=True),
        *moments("expires_at created_at updated_at"),
        key("prompts", "id"),
        unique("prompts", "nonce"),
        unique("prompts", "signal_id", "user_id", "account_id", "kind", "attempt"),
        refers("prompts", "signal_id", "signals"),
        refers("prompts", "user_id", "users"),
        refers("prompts", "account_id", "accounts"),
        refers("prompts", "decided_by", "users"),
        one_of("prompts", "kind", "open"),
        one_of(
            "prompts",
            "state",
            "queued sent confirming awaiting_second snoozed approved rejected "
            "expired cancelled superseded refused",
        ),
    )
    index("prompts", "ix_prompts_account_id_state", "account_id", "state")
    index("prompts", "ix_prompts_state_expires_at", "state", "expires_at")
    index("prompts", "ix_prompts_user_id_state", "user_id", "state")
    op.create_table(
        "postings",
        *texts("id signal_id account_id group_id nonce"),
        *numbers("chat_id topic_id"),
        *numbers("message_id", null=True),
        *moments("created_at"),
        *integers("version"),
        key("postings", "id"),
        unique("postings", "nonce"),
        unique("postings", "signal_id", "account_id", "chat_id", "topic_id"),
        refers("postings", "signal_id", "signals"),
        refers("postings", "account_id", "accounts"),
        refers("postings", "group_id", "group_chats"),
    )
    index("postings", "ix_postings_chat_id", "chat_id")
    op.create_table(
        "approvals",
        *texts("id signal_id prompt_id account_id consent_version consent_hash"),
        *numbers("user_id update_id"),
        *words("decision"),
        *texts("reason price lots seconds rule_id", null=True),
        *moments("reason_asked_at", null=True),
        *moments("created_at"),
        *integers("version"),
        *integers("rule_number", null=True),
        key("approvals", "id"),
        unique("approvals", "prompt_id", "user_id"),
        refers("approvals", "signal_id", "signals", ondelete="CASCADE"),
        refers("approvals", "prompt_id", "prompts"),
        refers("approvals", "user_id", "users"),
        refers("approvals", "account_id", "accounts"),
        refers("approvals", "seconds", "approvals"),
        refers("approvals", "rule_id", "standing_rules"),
        one_of("approvals", "decision", "approve reject first withdrawn"),
        rule("approvals", "reason", "length(reason) <= 500"),
    )
    index("approvals", "ix_approvals_rule_id", "rule_id")
    index("approvals", "ix_approvals_signal_id_user_id", "signal_id", "user_id")
    index("approvals", "ix_approvals_user_id_created_at", "user_id", "created_at")


def _create_orders() -> None:
    op.create_table(
        "orders",
        *texts("id account_id reason instrument volume price deviation risk_money"),
        *texts(
            "signal_id prompt_id approval_id trade_id stop_loss "
            "take_profit filled_volume filled_price",
            null=True,
        ),
        *words("kind cause state side order_type"),
        *integers("attempt version"),
        *numbers("user_id ticket position_id", null=True),
        *moments("expires_at", null=True),
        *moments("created_at updated_at"),
        key("orders", "id"),
        refers("orders", "account_id", "accounts"),
        refers("orders", "signal_id", "signals"),
        refers("orders", "prompt_id", "prompts"),
        refers("orders", "approval_id", "approvals"),
        refers("orders", "trade_id", "trades", use_alter=True),
        refers("orders", "user_id", "users"),
        one_of("orders", "kind", "open close cancel modify"),
        one_of("orders", "cause", "tap standing close_all panic guard"),
        one_of(
            "orders",
            "state",
            "queued submitting filled partially_filled placed rejected "
            "unknown not_executed parked expired cancelled",
        ),
        one_of("orders", "side", "buy sell"),
        one_of("orders", "order_type", "market limit stop"),
        rule("orders", "volume", "CAST(volume AS NUMERIC) > 0 OR kind = 'cancel'"),
    )
    index("orders", "ix_orders_account_id_state", "account_id", "state")
    index("orders", "ix_orders_signal_id", "signal_id")
    index("orders", "ix_orders_trade_id", "trade_id")
    index(
        "orders",
        "uq_orders_opening",
        "signal_id",
        "account_id",
        "attempt",
        where="kind = 'open'",
        unique=True,
    )
    index(
        "orders",
        "uq_orders_aimed",
        "account_id",
        "kind",
        "ticket",
        where="kind <> 'open' AND state IN ("
        "'queued', 'submitting', 'placed', 'unknown', 'parked')",
        unique=True,
    )
    op.create_table(
        "sends",
        *texts("id order_id account_id message"),
        *integers("number version"),
        *numbers("magic"),
        *words("state"),
        *integers("retcode", null=True),
        *moments("answered_at", null=True),
        *moments("sent_at"),
        key("sends", "id"),
        unique("sends", "magic"),
        unique("sends", "order_id", "number"),
        refers("sends", "order_id", "orders"),
        refers("sends", "account_id", "accounts"),
        one_of("sends", "state", "in_flight executed refused unknown absent"),
        rule("sends", "number", "number >= 1"),
    )
    index("sends", "ix_sends_account_id_state", "account_id", "state")
    op.create_table(
        "trades",
        *texts(
            "id account_id instrument volume volume_open open_price risk_money "
            "floating booked"
        ),
        *texts(
            "signal_id order_id stop_loss take_profit first_stop close_price profit",
            null=True,
        ),
        *numbers("position_id ticket"),
        *words("side state"),
        *words("close_reason", null=True),
        *moments("opened_at updated_at"),
        *moments("closed_at", null=True),
        *integers("version"),
        key("trades", "id"),
        unique("trades", "account_id", "position_id"),
        refers("trades", "account_id", "accounts"),
        refers("trades", "signal_id", "signals"),
        refers("trades", "order_id", "orders"),
        one_of("trades", "side", "buy sell"),
        one_of("trades", "state", "open closing closed"),
        one_of(
            "trades",
            "close_reason",
            "stop target hand closed_here guard panic stop_out other",
        ),
        rule("trades", "volume", "CAST(volume AS NUMERIC) > 0"),
    )
    index("trades", "ix_trades_account_id_state", "account_id", "state")
    index("trades", "ix_trades_order_id", "order_id")
    index("trades", "ix_trades_signal_id", "signal_id")
    if op.get_context().dialect.supports_alter:
        op.create_foreign_key(
            op.f("fk_orders_trade_id"),
            "orders",
            "trades",
            ["trade_id"],
            ["id"],
            ondelete="RESTRICT",
        )


def _create_memory() -> None:
    op.create_table(
        "guards",
        *texts("id peak equity balance day_start_equity day reason rearm_reason"),
        *words("phase"),
        *moments(
            "measured_at blind_since breach_since triggered_at rearmed_at", null=True
        ),
        *flags("blind_told"),
        *integers("warned_percent flat_readings version"),
        *texts("trigger_equity trigger_peak", null=True),
        *numbers("deal_cursor"),
        *numbers("rearmed_by", null=True),
        *moments("updated_at"),
        key("guards", "id"),
        refers("guards", "id", "accounts"),
        refers("guards", "rearmed_by", "users"),
        one_of("guards", "phase", "armed blind triggered closing flat locked"),
    )
    op.create_table(
        "equity_points",
        *texts("id account_id balance equity peak"),
        *moments("at"),
        *integers("version"),
        key("equity_points", "id"),
        refers("equity_points", "account_id", "accounts"),
    )
    index("equity_points", "ix_equity_points_account_id_at", "account_id", "at")
    op.create_table(
        "reconciliations",
        *texts("id account_id changes"),
        *moments("at"),
        *integers("matched version"),
        key("reconciliations", "id"),
        refers("reconciliations", "account_id", "accounts"),
    )
    index("reconciliations", "ix_reconciliations_account_id_at", "account_id", "at")


def _create_queues() -> None:
    op.create_table(
        "inbox",
        *numbers("id user_id"),
        *texts("body"),
        *moments("received_at"),
        *moments("done_at", null=True),
        *integers("version"),
        key("inbox", "id"),
    )
    index("inbox", "ix_inbox_open", "id", where="done_at IS NULL", unique=False)
    op.create_table(
        "outbox",
        *texts("id subject detail"),
        *words("topic notice failed"),
        *numbers("user_id", null=True),
        *integers("priority attempts version"),
        *moments("due_at created_at"),
        *moments("claimed_until done_at", null=True),
        key("outbox", "id"),
        one_of(
            "outbox", "topic", "propose execute adopt not_placed prompt posting notice"
        ),
        one_of(
            "outbox",
            "notice",
            " trade_opened trade_closed trade_reduced stop_moved "
            "order_failed order_parked "
            "guard_warning guard_fired guard_flat guard_rearmed "
            "guard_blind guard_sees member_joined command_late "
            "prompts_held provider_floods admin_did member_asks members_ask "
            "member_accepted membership terms day_summary broadcast broadcast_done",
        ),
        rule("outbox", "priority", "priority IN (0, 1, 2, 3, 4, 5, 6)"),
        one_of("outbox", "failed", " unreachable refused given_up expired"),
    )
    index(
        "outbox",
        "ix_outbox_open",
        "priority",
        "due_at",
        "id",
        where="done_at IS NULL",
        unique=False,
    )
    index("outbox", "ix_outbox_subject", "subject")
    op.create_table(
        "broadcasts",
        *texts("id text"),
        *numbers("user_id"),
        *integers("total version"),
        *moments("created_at"),
        *moments("started_at finished_at", null=True),
        key("broadcasts", "id"),
        refers("broadcasts", "user_id", "users"),
    )
    index(
        "broadcasts",
        "ix_broadcasts_open",
        "id",
        where="finished_at IS NULL",
        unique=False,
    )
    op.create_table(
        "audit",
        *numbers("id"),
        *moments("at"),
        *texts("actor action subject detail previous hash"),
        *integers("version"),
        key("audit", "id"),
    )
    index("audit", "ix_audit_at", "at")
    index("audit", "ix_audit_subject", "subject")
    op.create_table(
        "leases",
        *texts("id holder"),
        *numbers("epoch"),
        *moments("expires_at"),
        *integers("version"),
        key("leases", "id"),
    )
    op.create_table(
        "counters",
        *texts("name"),
        *numbers("value"),
        key("counters", "name"),
    )
