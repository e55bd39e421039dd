"""One send to the paper broker, with whatever is to go wrong with it."""

from core.broker import BrokerRequest, DealReason, OrderResult
from core.errors import OutcomeUnknown
from mt5_bridge.paper.engine import execute, rejected
from mt5_bridge.paper.faults import Break, Faults
from mt5_bridge.paper.rules import refusal
from mt5_bridge.paper.session import Session
from mt5_bridge.retcodes import Retcode


def send_through(
    session: Session, faults: Faults, request: BrokerRequest
) -> OrderResult:
    """Execute, unless a fault is in the way.

    Raises:
        BrokerUnavailable: not executed.
        OutcomeUnknown: executed or not; the caller cannot know.
    """
    fault = faults.take(request)
    if fault is not None and fault.how is Break.REFUSE:
        return rejected(refusal(Retcode(fault.retcode)))
    if fault is not None and fault.how is Break.LOSE_REQUEST:
        message = "the request was lost on its way (on purpose)"
        raise OutcomeUnknown(message)
    if faults.now.stale:
        return rejected(refusal(Retcode.PRICE_OFF))
    result = session.change(
        lambda account: execute(account, request, DealReason.EXPERT)
    )
    if fault is not None and fault.how is Break.LOSE_REPLY:
        message = "the answer was lost on its way (on purpose)"
        raise OutcomeUnknown(message)
    if fault is not None and fault.how is Break.TIME_OUT:
        return rejected(refusal(Retcode.TIMEOUT))
    return result
