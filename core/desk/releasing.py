"""What was held comes to whoever asks for it, a few at a time."""

from dataclasses import dataclass, replace

from core.desk.flooding import held_prompts
from core.desk.prompting import draw
from core.desk.tools import Tools, again
from core.ids import PromptId, SignalId, UserId
from core.messages import Priority, Topic
from core.ports import Save
from core.prompts import UNDECIDED, Prompt
from core.signals import Signal

AT_A_TIME = 10
"""As many as a chat takes in ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What /pending has done about what was held."""

    coming: int
    left: int


async def release(tools: Tools, user_id: UserId) -> Released:
    """Send the most urgent of what is held for a person, each with its chart."""
    held = await held_prompts(tools, user_id)
    now, later = held[:AT_A_TIME], held[AT_A_TIME:]
    for signal_id in dict.fromkeys(each.signal_id for each in now):
        await _picture(tools, signal_id)
    coming = [await _release(tools, each.id) for each in now]
    return Released(coming=sum(coming), left=len(later))


async def _picture(tools: Tools, signal_id: SignalId) -> None:
    """Draw the chart of a signal that nobody was shown."""
    signal = await tools.journal.get(Signal, signal_id)
    if signal is not None and signal.chart_path is None:
        chart = await draw(tools, signal)
        await again(lambda: _keep(tools, signal_id, chart))


async def _keep(tools: Tools, signal_id: SignalId, chart: str | None) -> None:
    signal = await tools.journal.get(Signal, signal_id)
    if signal is not None and signal.chart_path is None and chart is not None:
        await tools.journal.commit(Save(replace(signal, chart_path=chart)))


async def _release(tools: Tools, prompt_id: PromptId) -> bool:
    return await again(lambda: _send(tools, prompt_id))


async def _send(tools: Tools, prompt_id: PromptId) -> bool:
    prompt = await tools.journal.get(Prompt, prompt_id)
    if prompt is None or not prompt.held or prompt.state not in UNDECIDED:
        return False
    await tools.journal.commit(
        Save(replace(prompt, held=False)),
        tools.item(Topic.PROMPT, prompt.id, Priority.BUSY),
    )
    return True
