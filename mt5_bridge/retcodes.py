"""What each return code of MetaTrader 5 proves, and what a person is told.

The class decides what may happen next; a code that is not in the table proves
nothing, so it counts as ambiguous. Numbers and names are MetaQuotes' own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType

from core.broker import ResultStatus


class Outcome(StrEnum):
    """What a return code proves about the request."""

    OK = "ok"
    """Executed or accepted."""
    RETRY = "retry"
    """Surely not executed; may be sent again with a fresh price, a few times."""
    AMBIGUOUS = "ambiguous"
    """Proves nothing: look at the broker, never send again."""
    FINAL = "final"
    """Surely not executed, and the same request would fail again."""
    STATE = "state"
    """The broker's state differs from what was assumed: read it again."""


class Retcode(IntEnum):
    """The return codes of ``order_send``."""

    REQUOTE = 10004
    REJECT = 10006
    CANCEL = 10007
    PLACED = 10008
    DONE = 10009
    DONE_PARTIAL = 10010
    ERROR = 10011
    TIMEOUT = 10012
    INVALID = 10013
    INVALID_VOLUME = 10014
    INVALID_PRICE = 10015
    INVALID_STOPS = 10016
    TRADE_DISABLED = 10017
    MARKET_CLOSED = 10018
    NO_MONEY = 10019
    PRICE_CHANGED = 10020
    PRICE_OFF = 10021
    INVALID_EXPIRATION = 10022
    ORDER_CHANGED = 10023
    TOO_MANY_REQUESTS = 10024
    NO_CHANGES = 10025
    SERVER_DISABLES_AT = 10026
    CLIENT_DISABLES_AT = 10027
    LOCKED = 10028
    FROZEN = 10029
    INVALID_FILL = 10030
    CONNECTION = 10031
    ONLY_REAL = 10032
    LIMIT_ORDERS = 10033
    LIMIT_VOLUME = 10034
    INVALID_ORDER = 10035
    POSITION_CLOSED = 10036
    INVALID_CLOSE_VOLUME = 10038
    CLOSE_ORDER_EXIST = 10039
    LIMIT_POSITIONS = 10040
    REJECT_CANCEL = 10041
    LONG_ONLY = 10042
    SHORT_ONLY = 10043
    CLOSE_ONLY = 10044
    FIFO_CLOSE = 10045
    HEDGE_PROHIBITED = 10046


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One return code in words; ``sentence`` is empty when all is well."""

    code: int
    name: str
    outcome: Outcome
    sentence: str


_OK, _RETRY, _FINAL = Outcome.OK, Outcome.RETRY, Outcome.FINAL
_AMBIGUOUS, _STATE = Outcome.AMBIGUOUS, Outcome.STATE
_ROWS: Mapping[Retcode, tuple[Outcome, str]] = {
    Retcode.REQUOTE: (_RETRY, "The price has moved away from the one asked for."),
    Retcode.REJECT: (_FINAL, "The broker rejected the request."),
    Retcode.CANCEL: (_FINAL, "The broker's dealer cancelled the request."),
    Retcode.PLACED: (_OK, ""),
    Retcode.DONE: (_OK, ""),
    Retcode.DONE_PARTIAL: (_OK, ""),
    Retcode.ERROR: (_AMBIGUOUS, "The broker reports an error while processing."),
    Retcode.TIMEOUT: (_AMBIGUOUS, "The broker did not answer in time."),
    Retcode.INVALID: (_FINAL, "The broker does not understand the request."),
    Retcode.INVALID_VOLUME: (_FINAL, "The broker does not take this volume."),
    Retcode.INVALID_PRICE: (_FINAL, "The broker does not take this price."),
    Retcode.INVALID_STOPS: (
        _FINAL,
        "The stop loss or the take profit is too close or on the wrong side.",
    ),
    Retcode.TRADE_DISABLED: (_FINAL, "Trading is switched off at the broker."),
    Retcode.MARKET_CLOSED: (_FINAL, "The market is closed."),
    Retcode.NO_MONEY: (_FINAL, "There is not enough free margin."),
    Retcode.PRICE_CHANGED: (_RETRY, "The price changed while the order was sent."),
    Retcode.PRICE_OFF: (_RETRY, "The broker has no price at the moment."),
    Retcode.INVALID_EXPIRATION: (_FINAL, "The order's expiry is not in the future."),
    Retcode.ORDER_CHANGED: (_STATE, "The order has changed meanwhile."),
    Retcode.TOO_MANY_REQUESTS: (_RETRY, "The broker has too many requests."),
    Retcode.NO_CHANGES: (_STATE, "Nothing would change."),
    Retcode.SERVER_DISABLES_AT: (
        _FINAL,
        "The broker's server does not allow automated trading.",
    ),
    Retcode.CLIENT_DISABLES_AT: (
        _FINAL,
        "Algo Trading is switched off in the terminal.",
    ),
    Retcode.LOCKED: (_RETRY, "The broker is still busy with this order."),
    Retcode.FROZEN: (_RETRY, "The price is too close to change this now."),
    Retcode.INVALID_FILL: (_RETRY, "The broker does not take this filling mode."),
    Retcode.CONNECTION: (_AMBIGUOUS, "The connection to the broker was lost."),
    Retcode.ONLY_REAL: (_FINAL, "The broker allows this on real accounts only."),
    Retcode.LIMIT_ORDERS: (_FINAL, "The account has too many pending orders."),
    Retcode.LIMIT_VOLUME: (
        _FINAL,
        "The volume held in this instrument would be too large.",
    ),
    Retcode.INVALID_ORDER: (_FINAL, "The broker does not know this order."),
    Retcode.POSITION_CLOSED: (_STATE, "The position is closed already."),
    Retcode.INVALID_CLOSE_VOLUME: (
        _STATE,
        "The volume to close is larger than the position.",
    ),
    Retcode.CLOSE_ORDER_EXIST: (_STATE, "The position is being closed already."),
    Retcode.LIMIT_POSITIONS: (_FINAL, "The account has too many open positions."),
    Retcode.REJECT_CANCEL: (
        _FINAL,
        "The pending order could not be activated and was cancelled.",
    ),
    Retcode.LONG_ONLY: (_FINAL, "The broker only allows buying here."),
    Retcode.SHORT_ONLY: (_FINAL, "The broker only allows selling here."),
    Retcode.CLOSE_ONLY: (_FINAL, "The broker only allows closing here."),
    Retcode.FIFO_CLOSE: (_FINAL, "The broker closes the oldest position first."),
    Retcode.HEDGE_PROHIBITED: (
        _FINAL,
        "The broker does not allow opposite positions.",
    ),
}
MEANINGS: Mapping[Retcode, Meaning] = MappingProxyType(
    {
        code: Meaning(code=code, name=code.name, outcome=outcome, sentence=sentence)
        for code, (outcome, sentence) in _ROWS.items()
    }
)
"""Every known return code with its meaning."""


def meaning(code: int) -> Meaning:
    """What ``code`` means; an unknown one proves nothing."""
    try:
        return MEANINGS[Retcode(code)]
    except ValueError:
        sentence = f"The broker answered with an unknown code, {code}."
        return Meaning(
            code=code, name="UNKNOWN", outcome=Outcome.AMBIGUOUS, sentence=sentence
        )


def failure_status(code: int) -> ResultStatus:
    """The result that a code other than success stands for.

    Raises:
        ValueError: the code is a success, which alone does not say of what.
    """
    match meaning(code).outcome:
        case Outcome.OK:
            message = f"return code {code} is not a failure"
            raise ValueError(message)
        case Outcome.AMBIGUOUS:
            return ResultStatus.UNKNOWN
        case Outcome.RETRY | Outcome.FINAL | Outcome.STATE:
            return ResultStatus.REJECTED
