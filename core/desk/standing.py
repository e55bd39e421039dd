"""A standing rule at work: it approves as its person's tap would, or not at all.

Everything that a tap has to pass, it has to pass: the guard, the spread, the price
against signal and stop, the headroom, the terms. What a tap would be asked about once
more is not approved, and neither is anything beyond the rule's limits: then the
prompt asks as usual. Only real money needs no second question: the rule's own
Confirm has said it.

Never for a desk, and never for a signal that nobody signed. The rule acts while its
signal is proposed, after the prompts of all are made; a repeated proposal finds what
the first has decided.
"""

from dataclasses import replace
from datetime import timedelta

from core.access import is_paused
from core.accounts import Account, AccountKind
from core.desk.authorising import Case
from core.desk.granting import is_own
from core.desk.offering import Obstacle, offer
from core.desk.people import Recipient
from core.desk.questions import drift_since, question
from core.desk.settling import settle
from core.desk.taps import Tap
from core.desk.tools import Tools, again
from core.limits import trading_day
from core.messages import Priority, Topic
from core.prompts import UNDECIDED, Approval, Prompt, PromptState
from core.signals import Signal, Source
from core.standing import StandingRule
from core.users import Provider, User

GRACE = timedelta(seconds=2)
"""How long the message of a prompt waits for the rule: it shows what was decided."""


async def rule_for(
    tools: Tools, signal: Signal, each: Recipient
) -> StandingRule | None:
    """The person's rule for such signals on the account, if there is one now."""
    account, now = each.account, tools.clock.now()
    own = account.kind is AccountKind.OWN and each.decides
    if not own or signal.source is not Source.API or signal.stop_loss is None:
        return None
    provider = await tools.journal.get(Provider, signal.provider)
    if provider is None or not provider.enabled:
        return None
    rules = await tools.journal.find(
        StandingRule,
        user_id=each.user.id,
        account_id=account.id,
        provider=signal.provider,
        revoked_at=None,
    )
    return next((rule for rule in rules if rule.holds(now)), None)


async def approve_by_rule(tools: Tools, signal: Signal, each: Recipient) -> None:
    """Approve the person's prompt in their name, if a rule does; else ask at once."""
    if await rule_for(tools, signal, each) is None:
        return
    if not await again(lambda: _approve(tools, signal, each)):
        asked = await tools.journal.find(
            Prompt,
            signal_id=signal.id,
            user_id=each.user.id,
            account_id=each.account.id,
            state=UNDECIDED,
            message_id=None,
            held=False,
        )
        for prompt in asked:
            item = tools.item(Topic.PROMPT, prompt.id, Priority.PROMPT)
            await tools.journal.commit(item)


async def _approve(tools: Tools, signal: Signal, each: Recipient) -> bool:
    rule = await rule_for(tools, signal, each)
    case = None if rule is None else await _case(tools, rule, signal, each)
    if rule is None or case is None:
        return False
    found = await offer(
        tools,
        case.account,
        case.signal,
        at_most=case.prompt.lots,
        risk_percent=rule.max_risk_percent,
    )
    if isinstance(found, Obstacle):
        return False
    rules = replace(tools.choices.rules[case.account.id], confirm_live=False)
    if question(case, rules, found, tools.clock.now()) is not None:
        return False
    await settle(tools, case, found, drift_since(case, found, case.prompt.price))
    return True


async def _case(
    tools: Tools, rule: StandingRule, signal: Signal, each: Recipient
) -> Case | None:
    """What a tap of the person would be about; ``None`` when the rule stays out of it.

    The rows are read anew: whoever has decided, or snoozed it, meanwhile is right.
    """
    journal, now = tools.journal, tools.clock.now()
    fresh = await journal.get(Signal, signal.id)
    account = await journal.get(Account, each.account.id)
    user = await journal.get(User, each.user.id)
    prompts = await journal.find(
        Prompt,
        signal_id=signal.id,
        user_id=each.user.id,
        account_id=each.account.id,
        state=frozenset({PromptState.QUEUED, PromptState.SENT}),
        held=False,
    )
    members = await tools.members(user_id=each.user.id, account_id=each.account.id)
    if not (fresh and account and user and prompts and members):
        return None
    if is_paused(user, now) or user.blocked_at is not None:
        return None
    agreed = user.consent_version == tools.choices.consent.version
    open_ = fresh.cancelled_at is None and now < fresh.expires_at
    number = await used_today(tools, rule) + 1
    if not (agreed and open_ and number <= rule.per_day):
        return None
    if not is_own(account, members[0]):
        return None
    return Case(
        tap=_tap(rule, prompts[0]),
        prompt=prompts[0],
        signal=fresh,
        account=account,
        membership=members[0],
        user=user,
        standing=rule,
        number=number,
    )


def _tap(rule: StandingRule, prompt: Prompt) -> Tap:
    """The tap that stands for the one that was not made: it granted the rule."""
    return Tap(
        user_id=rule.user_id,
        nonce=prompt.nonce,
        chat_id=rule.user_id,
        message_id=0,
        update_id=rule.granted_update_id,
    )


async def used_today(tools: Tools, rule: StandingRule) -> int:
    """How often such rules have approved in this trading day of the account.

    A rule that is granted anew goes on counting where the former one stopped.
    """
    rules = tools.choices.rules[rule.account_id]
    today = trading_day(rules, tools.clock.now())
    such = await tools.journal.find(
        StandingRule,
        user_id=rule.user_id,
        account_id=rule.account_id,
        provider=rule.provider,
    )
    ids = frozenset(each.id for each in such)
    approvals = await tools.journal.find(Approval, rule_id=ids)
    return sum(trading_day(rules, each.created_at) == today for each in approvals)
