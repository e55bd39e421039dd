"""Details and Full size of a prompt, and the sample of one."""

from dataclasses import replace

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.cards import PromptCard, prompt_card
from bot.telegram.desk import Desk
from bot.telegram.routers.asking import Handler
from bot.telegram.views.details import details_view, sample_view, sampled_view
from bot.telegram.views.speech import say
from bot.telegram.views.view import Document
from core.accounts import RiskRules
from core.desk.sampling import sample
from core.desk.taps import OUTDATED, Reply, Tap
from core.errors import Refused
from core.ids import PromptId
from core.users import Membership


async def _card(desk: Desk, tap: Tap, prompt_id: str) -> PromptCard | None:
    """The prompt, if it is this person's, and they are still a member there."""
    card = await prompt_card(desk.tools, PromptId(prompt_id))
    if card is None or card.prompt.user_id != tap.user_id:
        return None
    return card if await _membership(desk, card) is not None else None


async def _membership(desk: Desk, card: PromptCard) -> Membership | None:
    prompt = card.prompt
    there = {"user_id": prompt.user_id, "account_id": prompt.account_id}
    return next(iter(await desk.tools.members(**there)), None)


async def _rules(desk: Desk, card: PromptCard) -> RiskRules | None:
    """The account's rules, with the stricter drift that the reader has chosen."""
    rules = desk.tools.choices.rules.get(card.account.id)
    member = await _membership(desk, card)
    own = None if member is None else member.max_drift_r
    if rules is None or own is None:
        return rules
    return replace(rules, max_drift_r=min(own, rules.max_drift_r))


async def _details(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    card = await _card(desk, tap, pressed.argument)
    rules = None if card is None else await _rules(desk, card)
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
