"""What tests and the demo may break on a paper broker, told as JSON.

Nothing is broken unless somebody asks for it. ``apply`` takes any of these keys and
changes only what they name; ``clear`` comes first:

    {"clear": true}                          all well again
    {"lose_reply": 1}                        executed, but the answer never arrives
    {"lose_request": 1}                      never arrives at the broker; nobody knows
    {"time_out": 1}                          executed, answered with 10012
    {"refuse": {"retcode": 10019}}           not executed
    {"unavailable": true}                    queries fail, nothing can be sent
    {"stale": true}                          no new prices; what is known grows old
    {"zero_equity": true}                    the account reads as all zeros
    {"hide_seconds": 5}                      new orders and deals are seen that late
    {"closed": ["XAUUSD"]}                   these markets are closed

Whatever concerns sending counts: ``{"times": 2, "of": "close"}`` breaks the next two
closes; ``of`` is ``open close modify cancel`` or, the default, ``any``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from core.broker import (
    BrokerRequest,
    CancelRequest,
    CloseRequest,
    ModifyRequest,
    OpenRequest,
)
from core.errors import Refused
from mt5_bridge.retcodes import MEANINGS, Outcome

_KINDS: Mapping[str, tuple[type[BrokerRequest], ...]] = {
    "any": (OpenRequest, CloseRequest, ModifyRequest, CancelRequest),
    "open": (OpenRequest,),
    "close": (CloseRequest,),
    "modify": (ModifyRequest,),
    "cancel": (CancelRequest,),
}
_LONGEST_SECONDS = 86_400


class Break(StrEnum):
    """How one send goes wrong."""

    LOSE_REPLY = "lose_reply"
    """Executed; the caller never hears of it."""
    LOSE_REQUEST = "lose_request"
    """Not executed; the caller cannot know."""
    TIME_OUT = "time_out"
    """Executed; answered with 10012."""
    REFUSE = "refuse"
    """Not executed; answered with a chosen return code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFault:
    """The next ``times`` sends of a kind go wrong in this way."""

    how: Break
    of: str = "any"
    times: int = 1
    retcode: int = 0
    """Of a refusal; 0 otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is wrong for as long as it is not taken back."""

    unavailable: bool = False
    stale: bool = False
    zero_equity: bool = False
    hidden_for: timedelta = timedelta(0)
    closed: frozenset[str] = frozenset()


class Faults:
    """The faults of one paper broker, none to begin with."""

    def __init__(self) -> None:
        self.now = Conditions()
        self._sends: list[SendFault] = []

    def apply(self, wishes: Mapping[str, object]) -> None:
        """Break, or mend, what the keys name; all of it or, when refused, nothing.

        Raises:
            Refused: a key or a value that is not in the list above; says which.
        """
        now, sends = self.now, list(self._sends)
        if "clear" in wishes and _flag("clear", wishes["clear"]):
            now, sends = Conditions(), []
        for key, value in wishes.items():
            if key in frozenset(Break):
                sends.append(_send_fault(Break(key), value))
            elif key != "clear":
                now = _changed(now, key, value)
        self.now, self._sends = now, sends

    def take(self, request: BrokerRequest) -> SendFault | None:
        """What is to go wrong with this send; counts it."""
        for place, fault in enumerate(self._sends):
            if isinstance(request, _KINDS[fault.of]):
                left = replace(fault, times=fault.times - 1)
                self._sends[place : place + 1] = [left] if left.times else []
                return fault
        return None


def _changed(now: Conditions, key: str, value: object) -> Conditions:
    match key:
        case "unavailable":
            return replace(now, unavailable=_flag(key, value))
        case "stale":
            return replace(now, stale=_flag(key, value))
        case "zero_equity":
            return replace(now, zero_equity=_flag(key, value))
        case "hide_seconds":
            return replace(now, hidden_for=_seconds(value))
        case "closed":
            return replace(now, closed=_names(value))
        case _:
            reason = f"faults: there is no {key!r}"
            raise Refused(reason)


def _send_fault(how: Break, value: object) -> SendFault:
    wishes = value if isinstance(value, Mapping) else {"times": value}
    known = {"times", "of", "retcode"} if how is Break.REFUSE else {"times", "of"}
    if strange := sorted(set(wishes) - known):
        reason = f"faults: {how} has no {strange[0]!r}"
        raise Refused(reason)
    of = wishes.get("of", "any")
    if not isinstance(of, str) or of not in _KINDS:
        reason = f"faults: 'of' must be one of {', '.join(_KINDS)}, was {of!r}"
        raise Refused(reason)
    times = _count(how, wishes.get("times", 1))
    retcode = _retcode(wishes.get("retcode")) if how is Break.REFUSE else 0
    return SendFault(how=how, of=of, times=times, retcode=retcode)


def _retcode(value: object) -> int:
    for code, meaning in MEANINGS.items():
        if type(value) is int and value == code and meaning.outcome is not Outcome.OK:
            return code
    reason = f"faults: 'retcode' must be one that refuses, as 10019, was {value!r}"
    raise Refused(reason)


def _count(how: Break, value: object) -> int:
    if type(value) is int and value > 0:
        return value
    reason = f"faults: {how} must be a whole number from 1 on, was {value!r}"
    raise Refused(reason)


def _flag(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    reason = f"faults: {key!r} must be true or false, was {value!r}"
    raise Refused(reason)


def _seconds(value: object) -> timedelta:
    number = value if isinstance(value, int | float) else -1
    if 0 <= number <= _LONGEST_SECONDS and not isinstance(value, bool):
        return timedelta(seconds=number)
    reason = f"faults: 'hide_seconds' must be 0 to {_LONGEST_SECONDS}, was {value!r}"
    raise Refused(reason)


def _names(value: object) -> frozenset[str]:
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return frozenset(value)
    reason = f"faults: 'closed' must be a list of instruments, was {value!r}"
    raise Refused(reason)
