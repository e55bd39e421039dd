"""Pieces of the documentation page: tables and text, from the OpenAPI document.

Everything from the document passes ``escape`` or ``prose``.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

Json = dict[str, Any]

ANYTHING = "anything"
_CODE = re.compile(r"`([^`]+)`")
_MARKS = {"must": ("●", "required"), "may": ("○", "optional"), "": ("", "")}


class Book:
    """The document, with its references followed."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def follow(self, part: Json) -> Json:
        """The part, or what it refers to, with what stands beside the reference."""
        reference = part.get("$ref")
        if reference is None:
            return part
        found: Any = self._document
        for name in str(reference).removeprefix("#/").split("/"):
            found = found[name]
        beside = {name: value for name, value in part.items() if name != "$ref"}
        return self.follow({**found, **beside})

    def kind(self, part: Json) -> str:
        """What a value looks like, in words."""
        schema = self.follow(part)
        default = schema.get("default")
        words = self._looks(schema)
        if default is None or str(default) == words:
            return words
        return f"{words}; default {default}"

    def _looks(self, schema: Json) -> str:
        if "anyOf" in schema:
            kinds = (self.kind(each) for each in schema["anyOf"])
            return " or ".join(dict.fromkeys(each for each in kinds if each != "null"))
        if "const" in schema:
            return str(schema["const"])
        if "enum" in schema:
            return ", ".join(str(each) for each in schema["enum"])
        if schema.get("type") == "array":
            return f"list of {self.kind(schema['items'])}"
        return _text(schema) if schema.get("type") == "string" else _number(schema)


def _text(schema: Json) -> str:
    if "maxLength" in schema:
        return f"text, {schema['minLength']} to {schema['maxLength']} characters"
    known = {"date-time": "time, ISO 8601 in UTC", "uri-reference": "address"}
    return known.get(schema.get("format", ""), "text")


def _number(schema: Json) -> str:
    kind = str(schema.get("type", ANYTHING))
    if "exclusiveMinimum" in schema:
        low, high = schema["exclusiveMinimum"], schema["exclusiveMaximum"]
        return f"{kind} above {low:,} and below {high:,}"
    if "maximum" in schema:
        return f"{kind}, {schema['minimum']:,} to {schema['maximum']:,}"
    return kind


def prose(text: str) -> str:
    """A text of the document inside a line: code in backticks, the rest escaped."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def paragraphs(text: str) -> str:
    """The same with paragraphs."""
    return "".join(f"<p>{prose(each)}</p>" for each in text.split("\n\n"))


def code(text: str) -> str:
    """A block that can be copied."""
    return (
        f'<div class="block"><pre tabindex="0"><code>{escape(text)}</code></pre></div>'
    )


def tabs(group: str, panels: Mapping[str, str]) -> str:
    """Tabs without a script: the chosen button shows the panel behind it."""
    parts = []
    for number, (label, content) in enumerate(panels.items()):
        identity = f"{escape(group)}-{number}"
        checked = "" if number else " checked"
        parts.append(
            f'<input type="radio" name="{escape(group)}" id="{identity}"{checked}>'
            f'<label for="{identity}">{escape(label)}</label>'
            f'<div class="panel">{content}</div>'
        )
    return f'<div class="tabs">{"".join(parts)}</div>'


def schema_name(reference: Json) -> str:
    """What a schema is called that is referred to."""
    return str(reference["$ref"]).rpartition("/")[2]


def table(heads: Iterable[str], rows: Iterable[tuple[str, str]]) -> str:
    """Two columns of HTML; on a phone the second stands below the first."""
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{name}</th><td>{text}</td></tr>' for name, text in rows
    )
    return (
        f'<table class="plain"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def fields(book: Book, schema: Json) -> str:
    """The fields of an object."""
    needed = schema.get("required", ())
    rows = []
    for name, field in schema["properties"].items():
        rows += _field(book, name, field, needed=name in needed)
    return table(("Field", "Meaning"), rows)


def _field(
    book: Book, name: str, field: Json, *, needed: bool
) -> list[tuple[str, str]]:
    schema = book.follow(field)
    about = prose(schema.get("description", ""))
    rows = [(_name(name, needed=needed), f"{about}{_kind(book, field)}")]
    for inner, part in schema.get("properties", {}).items():
        rows += _field(book, f"{name}.{inner}", part, needed=False)
    return rows


def parameters(book: Book, given: Iterable[Json]) -> str:
    """What stands in the path, the query and the headers."""
    rows = [
        (
            _name(each["name"], needed=each["in"] != "path" and "required" in each),
            f"{prose(each['description'])}{_kind(book, each['schema'])}",
        )
        for each in given
    ]
    return table(("Parameter", "Meaning"), rows)


def _name(name: str, *, needed: bool) -> str:
    must = '<span class="must">required</span>' if needed else ""
    return f"<code>{escape(name)}</code>{must}"


def _kind(book: Book, schema: Json) -> str:
    kind = book.kind(schema)
    return f'<span class="kind">{escape(kind)}</span>' if kind != ANYTHING else ""


def answers(book: Book, responses: Mapping[str, Json]) -> str:
    """Each status with its headers and the types of its problem."""
    rows = []
    for status, part in responses.items():
        response = book.follow(part)
        names = [f"<code>{escape(each)}</code>" for each in response.get("headers", {})]
        headers = f'<span class="kind">With {", ".join(names)}.</span>' if names else ""
        about = prose(response["description"]) + headers + _types(response)
        rows.append((f'<span class="status s{status[0]}">{status}</span>', about))
    return table(("Answer", "When"), rows)


def _types(response: Json) -> str:
    content = response.get("content", {}).get("application/problem+json")
    if content is None:
        return ""
    _, particular = content["schema"]["allOf"]
    kinds = particular["properties"]["type"]["enum"]
    items = "".join(f"<li><code>{escape(each)}</code></li>" for each in kinds)
    return f'<ul class="types">{items}</ul>'


def by_shape(book: Book, schema: Json) -> str:
    """The fields of a signal, and which action needs or may have them."""
    shapes = [book.follow(each) for each in schema["oneOf"]]
    actions = [_action(book, shape) for shape in shapes]
    names = _in_order(each["properties"] for each in shapes)
    heads = "".join(f'<th scope="col" class="mark">{each}</th>' for each in actions)
    rows = "".join(_shape_row(book, name, shapes) for name in names)
    return (
        '<p class="legend">● required, ○ optional</p><table class="marks">'
        f'<thead><tr><th scope="col">Field</th>{heads}'
        f'<th scope="col" class="meaning">Meaning</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _in_order(groups: Iterable[Iterable[str]]) -> list[str]:
    """All names, each behind those that it stands behind in its group."""
    names: list[str] = []
    for group in groups:
        place = 0
        for name in group:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def _action(book: Book, shape: Json) -> str:
    return escape(book.kind(shape["properties"]["action"]).partition(";")[0])


def _shape_row(book: Book, name: str, shapes: list[Json]) -> str:
    cells = ""
    for shape in shapes:
        state = "may" if name in shape["properties"] else ""
        state = "must" if name in shape["required"] else state
        mark, word = _MARKS[state]
        sign = f'<abbr class="{state}" title="{word}">{mark}</abbr>' if mark else ""
        cells += f'<td class="mark">{sign}</td>'
    first = next(each for each in shapes if name in each["properties"])
    field = first["properties"][name]
    about = prose(book.follow(field)["description"])
    kind = "" if name == "action" else _kind(book, field)
    return (
        f'<tr><th scope="row"><code>{escape(name)}</code></th>{cells}'
        f'<td class="meaning">{about}{kind}</td></tr>'
    )
