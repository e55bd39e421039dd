"""What each field looks like in JSON Schema; stands beside its reader in ``fields``.

A schema is never wider than its reader, but for what a schema cannot say: that stops
stand on their side of the price, and that a whole number is written without a point.
It may be narrower where the reader is lenient: a price may have an exponent. Tests hold
the two against each other.
"""

from enum import StrEnum

from pydantic import WithJsonSchema

from bot.web.fields import LARGEST_USER, LONGEST_LIFE, MOST_DECIMALS, MOST_DIGITS
from core.intake import EXTERNAL_ID_LIMIT, PRICE_CEILING

Schema = dict[str, object]


def _price_pattern() -> str:
    """Above zero, and the more digits before the point, the fewer behind it."""
    forms = []
    all_decimals = MOST_DIGITS - MOST_DECIMALS
    for whole in range(all_decimals, len(str(PRICE_CEILING))):
        first = whole == all_decimals
        before = (
            rf"(?:0|[1-9][0-9]{{0,{whole - 1}}})"
            if first
            else rf"[1-9][0-9]{{{whole - 1}}}"
        )
        forms.append(rf"{before}(?:\.[0-9]{{1,{MOST_DIGITS - whole}}})?")
    return rf"^(?!0(?:\.0+)?$)(?:{'|'.join(forms)})$"


PRINTABLE = r"^[ \p{L}\p{M}\p{N}\p{P}\p{S}]+$"
"""As ``str.isprintable`` has it: no controls, no white space but the blank."""
PRICE_TEXT: Schema = {"type": "string", "pattern": _price_pattern()}
TEXT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": EXTERNAL_ID_LIMIT,
    "pattern": PRINTABLE,
}
PRICE: Schema = {
    "anyOf": [
        PRICE_TEXT,
        {
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": int(PRICE_CEILING),
        },
    ]
}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def whole(most: int) -> Schema:
    """From 1 to ``most``."""
    return {"type": "integer", "minimum": 1, "maximum": most}


def words(kind: type[StrEnum]) -> Schema:
    """One word of ``kind``."""
    return {"type": "string", "enum": [member.value for member in kind]}


AS_TEXT = WithJsonSchema(TEXT)
AS_PRICE = WithJsonSchema(PRICE)
AS_SECONDS = WithJsonSchema(whole(LONGEST_LIFE))
AS_PERSON = WithJsonSchema(whole(LARGEST_USER))
AS_PAYLOAD = WithJsonSchema({"type": "object"})
AS_FLAG = WithJsonSchema({"type": "string", "enum": ["1", "0", "true", "false"]})
AS_MOMENT = WithJsonSchema(MOMENT)


def as_count(most: int) -> WithJsonSchema:
    """A whole number in a query."""
    return WithJsonSchema(whole(most))


def as_word(kind: type[StrEnum]) -> WithJsonSchema:
    """One word of ``kind``."""
    return WithJsonSchema(words(kind))
