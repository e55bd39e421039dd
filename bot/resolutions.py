"""What an operator says of a parked order at the command line.

The words go through the journal: the running service alone may ask its broker.
"""

from datetime import timedelta

from bot.tasks import pause
from core.desk.tools import Tools
from core.errors import Refused
from core.ids import OrderId
from core.messages import OutboxItem, Priority, Topic
from core.orders import Order, OrderState
from core.ports import Insert

PATIENCE = timedelta(seconds=10)
STEP = timedelta(milliseconds=200)


async def ask(tools: Tools, topic: Topic, order_id: OrderId, reason: str) -> str:
    """Ask the service to settle the order; returns its answer, if one comes.

    Raises:
        Refused: there is no such parked order, or no reason was given.
    """
    order = await tools.journal.get(Order, order_id)
    if order is None or order.state is not OrderState.PARKED:
        message = f"There is no parked order {order_id}; `tapgate status` lists them."
        raise Refused(message)
    if not reason.strip():
        message = "Say with --reason why you are sure."
        raise Refused(message)
    wish = tools.outbox_item(topic, order_id, Priority.FILL, detail=reason.strip())
    await tools.journal.commit(Insert(wish))
    waited = timedelta(0)
    while waited < PATIENCE:
        await pause(STEP)
        waited += STEP
        item = await tools.journal.get(OutboxItem, wish.id)
        if item is not None and item.done_at is not None:
            return item.detail
    return "Noted. The service has not answered yet; it settles the order when it runs."
