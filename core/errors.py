"""One tree of errors, named by what the caller may do about them.

    TapgateError
    ├── BrokerUnavailable   the broker was surely not told: nothing happened there
    ├── OutcomeUnknown      the broker may have acted: never send again, look
    ├── Conflict            somebody else wrote first: read again, decide again
    │   └── Duplicate       a unique key was taken: what you wanted to add is there
    ├── LeaseLost           another process holds this work now: stop
    ├── ChartFailed         no picture came: go on as text
    ├── JournalUnavailable  the database did not take the write: nothing is stored
    └── Refused             a rule says no; ``reason`` is a sentence for a person

A refusal that somebody decided is a value; these are for what nobody decided.
"""


class TapgateError(Exception):
    """Everything that Tapgate raises on purpose."""


class BrokerUnavailable(TapgateError):
    """The broker cannot be reached; what was asked was surely not sent."""


class OutcomeUnknown(TapgateError):
    """The broker may have acted; look there, never send again."""


class Conflict(TapgateError):
    """A row changed since it was read; read again and decide again."""


class Duplicate(Conflict):
    """A unique key is taken; ``key`` names its fields."""

    def __init__(self, kind: str, key: tuple[str, ...]) -> None:
        super().__init__(f"{kind} with the same {', '.join(key)} exists already")
        self.kind = kind
        self.key = key


class LeaseLost(TapgateError):
    """Another process holds the lease; stop working on it."""


class ChartFailed(TapgateError):
    """The picture could not be drawn in time; the message goes out as text."""


class JournalUnavailable(TapgateError):
    """The database does not answer; whether a commit got through is read again."""


class Refused(TapgateError):
    """A rule says no; the reason is a sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
