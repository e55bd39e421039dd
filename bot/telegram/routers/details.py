"""Details and Full size of a prompt, and the sample of one."""

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.cards import PromptCard, prompt_card
from bot.telegram.desk import Desk
from bot.telegram.routers.asking import Handler
from bot.telegram.views.details import details_view, sample_view, sampled_view
from bot.telegram.views.speech import say
from bot.telegram.views.view import Document
from core.desk.sampling import sample
from core.desk.taps import OUTDATED, Reply, Tap
from core.errors import Refused
from core.ids import PromptId


async def _card(desk: Desk, tap: Tap, prompt_id: str) -> PromptCard | None:
    """The prompt, if it is this person's, and they are still a member there."""
    card = await prompt_card(desk.tools, PromptId(prompt_id))
    if card is None or card.prompt.user_id != tap.user_id:
        return None
    there = {"user_id": tap.user_id, "account_id": card.account.id}
    return card if await desk.tools.members(**there) else None


async def _details(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    card = await _card(desk, tap, pressed.argument)
    rules = None if card is None else desk.tools.choices.rules.get(card.account.id)
    if card is None or rules is None:
        return OUTDATED
    await desk.gateway.reply(tap.user_id, details_view(card, rules))
    return Reply(text="")


async def _full_size(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    card = await _card(desk, tap, pressed.argument)
    if card is None or card.signal.chart_path is None:
        return OUTDATED
    signal = card.signal
    name = f"{signal.instrument}-{signal.timeframe}.png"
    document = Document(name=name, picture=signal.chart_path)
    try:
        await desk.gateway.hand_over(tap.user_id, document)
    except Refused:
        text = say("The picture is not kept any more.")
        return Reply(text=text, alert=True)
    return Reply(text="")


async def _sample(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    try:
        made = await sample(desk.tools, tap.user_id)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    card = PromptCard(
        prompt=made.prompt,
        signal=made.signal,
        account=made.account,
        order=None,
        trade=None,
        decider="",
        approval=None,
        now=desk.tools.clock.now(),
    )
    await desk.gateway.reply(tap.user_id, sample_view(card))
    return Reply(text="")


async def _sampled(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    view = sampled_view(approved=pressed.argument == "yes")
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text=say("That was a sample. Nothing was ordered."))


PRESSES: dict[Press, Handler] = {
    Press.DETAILS: _details,
    Press.FULL_SIZE: _full_size,
    Press.SAMPLE: _sample,
    Press.SAMPLED: _sampled,
}
