"""The tables: one for each kind of row in core, with the same field names.

Foreign keys say what a row cannot be without. What an outbox item or an audit
entry is about has none: it names rows of several kinds. ``approvals`` would go
with their signal, as the schema says; no path deletes a signal.
"""

from storage.tables_base import Base, check_words
from storage.tables_books import (
    Audit,
    Broadcasts,
    Counters,
    EquityPoints,
    Guards,
    Inbox,
    Leases,
    Outbox,
    Reconciliations,
)
from storage.tables_people import (
    Accounts,
    GroupChats,
    Invites,
    JoinRequests,
    Memberships,
    Providers,
    StandingRules,
    Subscriptions,
    Users,
)
from storage.tables_trading import (
    Approvals,
    Orders,
    Postings,
    Prompts,
    Sends,
    Signals,
    Trades,
)

__all__ = [
    "Accounts",
    "Approvals",
    "Audit",
    "Broadcasts",
    "Counters",
    "EquityPoints",
    "GroupChats",
    "Guards",
    "Inbox",
    "Invites",
    "JoinRequests",
    "Leases",
    "Memberships",
    "Orders",
    "Outbox",
    "Postings",
    "Prompts",
    "Providers",
    "Reconciliations",
    "Sends",
    "Signals",
    "StandingRules",
    "Subscriptions",
    "Trades",
    "Users",
    "metadata",
]

metadata = Base.metadata

for _table in metadata.tables.values():
    check_words(_table)
