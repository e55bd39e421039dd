"""What the doctor says of one thing."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    part: str
    ok: bool
    said: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """One object of the ``--json`` list."""
        return asdict(self)
