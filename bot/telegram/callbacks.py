"""What a button carries: a version, an action and one argument, 64 bytes at most.

Nothing here is trusted: the argument names a row, and who taps is authorised
against that row. A version that is not ours means an outdated button.
"""

from dataclasses import dataclass
from enum import StrEnum, unique

from bot.telegram.views.speech import later

VERSION = "1"
LIMIT = 64
"""Bytes that Telegram takes."""


@unique
class Press(StrEnum):
    """What a button asks for; its argument in brackets."""

    APPROVE = "ap"
    """Approve a prompt [nonce]."""
    CONFIRM = "co"
    """Confirm what was approved [nonce]."""
    BACK = "ba"
    """Back from Confirm [nonce]."""
    REJECT = "re"
    """Reject a prompt [nonce]."""
    NEWS = "rn"
    """Rejected because of news [nonce]."""
    SPREAD = "rs"
    """Rejected because of the spread [nonce]."""
    RISK = "rr"
    """Rejected as too risky [nonce]."""
    WRITE = "rw"
    """The reason follows as a message [nonce]."""
    SKIP = "rk"
    """No reason [nonce]."""
    GROUP_APPROVE = "ga"
    """From a group: approve one's own prompt [posting's nonce]."""
    GROUP_REJECT = "gr"
    """From a group: reject one's own prompt [posting's nonce]."""
    GROUP_DETAILS = "gd"
    """From a group: more about one's own prompt, in one's own chat [same]."""
    SNOOZE = "sz"
    """Let a prompt be quiet for a while [nonce]."""
    AGREE = "ag"
    """Agree to the terms [version]."""
    CLOSE_ALL = "ca"
    """Confirm /closeall [when it was asked, unix seconds]."""
    PANIC = "pa"
    """Confirm /panic [account, or ``*``, and when it was asked]."""
    PANIC_WHICH = "pw"
    """Ask about /panic for one account, or all [account, or ``*``]."""
    BROADCAST = "bc"
    """Confirm /broadcast [broadcast]."""
    PROGRESS = "bp"
    """How far a broadcast is [broadcast]."""
    LANGUAGE = "la"
    """Read in this language from now on [its code]."""
    USERS = "us"
    """The members of an account, or the accounts [page and account]."""
    MEMBER = "um"
    """One member [membership]."""
    ROLE = "ur"
    """Ask whether to change a role [role and membership]."""
    ROLE_NOW = "uq"
    """Confirm it [role, membership, and when it was asked]."""
    UNTIL = "ut"
    """Let a membership lapse in so many days, 0 being never [days and membership]."""
    REMOVE = "ux"
    """Ask whether to remove a member [membership]."""
    REMOVE_NOW = "uz"
    """Confirm it [membership, and when it was asked]."""
    REQUEST = "jr"
    """Show a request to join [user]."""
    ACCEPT = "ja"
    """Accept it [role, user and account]."""
    DECLINE = "jd"
    """Decline it [user]."""
    ACCEPT_ALL = "jl"
    """Ask whether to accept all as viewers [account]."""
    ACCEPT_ALL_NOW = "jm"
    """Confirm it [account, and when it was asked]."""
    INVITE = "iv"
    """Make an invite [role, uses, hours and account]."""
    FOLLOW = "fo"
    """Follow on paper []."""
    UNFOLLOW = "fq"
    """Ask whether to stop following []."""
    UNFOLLOW_NOW = "fz"
    """Confirm it [when it was asked]."""
    LEAVE = "lv"
    """Confirm /stop [when it was asked]."""
    PAUSE = "zp"
    """No signals for a while [``1h``, ``1d`` or ``on``: until they come back]."""
    RESUME = "zr"
    """Signals again []."""
    QUIET = "zq"
    """Quiet hours [from and until, in minutes; or nothing]."""
    ZONES = "zl"
    """Which time zone? []."""
    ZONE = "zo"
    """Live in a time zone [its name]."""
    SETTINGS = "zs"
    """Back to the settings []."""
    SUBSCRIBE = "sp"
    """Want a provider's signals, or not [1 or 0, and the provider]."""
    CHOOSE = "sc"
    """Which instruments of a provider? [provider]."""
    INSTRUMENT = "si"
    """Want one instrument of it, or not [1 or 0, the instrument and the provider]."""
    SUBSCRIPTIONS = "sl"
    """Back to the list of providers []."""
    RISKING = "ri"
    """Risk so much on an own account [percent, and the account]."""
    DETAILS = "de"
    """More about a prompt [prompt]."""
    FULL_SIZE = "fu"
    """Its chart as a file [prompt]."""
    SAMPLE = "sa"
    """Send a sample of a prompt []."""
    SAMPLED = "sd"
    """Decide on a sample, which does nothing [``yes`` or ``no``]."""
    HISTORY = "hi"
    """The trades of so many days [days]."""
    HISTORY_FILE = "hs"
    """The same as a file [days]."""
    EQUITY = "eq"
    """An account's curve [span, and the account]."""
    NEVER_MIND = "nm"
    """Take a question back []."""
    ADOPT = "ad"
    """A parked order was executed [order]."""
    NOT_PLACED = "np"
    """A parked order was never executed [order]."""
    PROVIDERS = "pl"
    """Back to the list of providers [the one that it is about]."""
    DISABLE = "pd"
    """Ask whether to disable a provider [provider]."""
    DISABLE_NOW = "px"
    """Confirm it [provider, and when it was asked]."""
    ENABLE = "pe"
    """Enable a provider [provider]."""
    MUTE = "pm"
    """Mute a provider for an hour [provider]."""
    UNMUTE = "pu"
    """Ask about its signals again [provider]."""
    RULES = "ru"
    """The standing rules, or a step on the way to a new one [what was chosen]."""
    RULE_NOW = "rg"
    """Grant it [everything that was chosen, and when it was asked]."""
    REVOKE = "rv"
    """Revoke a standing rule [rule]."""
    HUSH = "ph"
    """Mute it, from the notice of a flood [provider]."""
    POSITION = "po"
    """Show an open trade in a message of its own [trade]."""
    REFRESH = "rf"
    """Show it here, as it is now [trade]."""
    CLOSE = "cl"
    """Ask whether to close it [trade]."""
    CLOSE_NOW = "cx"
    """Confirm it [trade, when it was asked, orders so far, lots it held]."""
    HALF = "hf"
    """Ask whether to close half of it [trade]."""
    HALF_NOW = "hx"
    """Confirm it [as CLOSE_NOW]."""
    BREAK_EVEN = "be"
    """Ask whether to move its stop to the entry [trade]."""
    BREAK_EVEN_NOW = "bx"
    """Confirm it [as CLOSE_NOW]."""


REASONS = {
    Press.NEWS: later("News"),
    Press.SPREAD: later("Spread"),
    Press.RISK: later("Too risky"),
    Press.SKIP: "",
}
"""The reasons that have a button of their own."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button's meaning."""

    press: Press
    argument: str


def pack(press: Press, argument: str = "") -> str:
    """The data of a button.

    Raises:
        ValueError: it would be longer than Telegram takes.
    """
    data = f"{VERSION}:{press}:{argument}"
    if len(data.encode()) > LIMIT:
        message = f"a button carries at most {LIMIT} bytes, was {data!r}"
        raise ValueError(message)
    return data


def unpack(data: str | None) -> Pressed | None:
    """The meaning of a button's data; ``None`` when it is none of ours."""
    version, _, rest = (data or "").partition(":")
    press, _, argument = rest.partition(":")
    if version != VERSION or press not in set(Press):
        return None
    return Pressed(Press(press), argument)
