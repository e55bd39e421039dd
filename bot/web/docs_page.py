"""The API's documentation as one page, drawn from the OpenAPI document.

Style and script stand inside the page, and its Content-Security-Policy names their
hashes: nothing else runs, and nothing is loaded from anywhere.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from bot.web.docs_parts import (
    Book,
    answers,
    by_shape,
    code,
    fields,
    paragraphs,
    parameters,
    prose,
    schema_name,
    table,
    tabs,
)

Json = dict[str, Any]

SENDING = (
    ("curl", "send.sh", "Needs curl and openssl."),
    ("Python", "send.py", "Needs nothing but Python."),
    ("JavaScript", "send.mjs", "Needs Node.js 18 or newer and no package."),
    ("Standard Webhooks", "standard.py", "The other form, in Python."),
    ("Key pair", "keypair.mjs", "The other form, signed with Ed25519: v1a."),
)
"""Each example with its tab's label and a sentence."""
ALERTING = (
    (
        "Alert's message",
        "alert.json",
        "For any strategy whose first two plots are its stop and its target.",
    ),
    ("Pine v6", "strategy.pine", "For a script that writes its own messages."),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What is served."""

    html: str
    csp: str


def example(name: str) -> str:
    """A file of ``examples``."""
    return _file("examples", name)


def _file(folder: str, name: str) -> str:
    return (files("bot.web") / folder / name).read_text(encoding="utf-8")


def render(document: Json) -> Page:
    """The page that says what ``document`` says."""
    style, script = _file("page", "docs.css"), _file("page", "docs.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    title = escape(document["info"]["title"])
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>"
        f"{_body(document)}<script>{script}</script></body></html>"
    )
    return Page(html=html, csp=policy)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _body(document: Json) -> str:
    book = Book(document)
    sections = {
        "Start": _start(book, document),
        "Signing": _signing(document),
        **{tag["name"]: _operations(book, document, tag) for tag in document["tags"]},
    }
    links = "".join(
        f'<li><a href="#{_anchor(name)}">{name}</a></li>' for name in sections
    )
    shown = "".join(
        f'<section id="{_anchor(name)}">{content}</section>'
        for name, content in sections.items()
    )
    return (
        f'{_head(document)}<nav aria-label="Sections"><ul>{links}</ul></nav>'
        f"<main>{shown}</main>"
        '<footer>Drawn from <a href="/openapi.json">openapi.json</a>, which is made of '
        "the models and settings that judge each request.</footer>"
    )


def _anchor(name: str) -> str:
    return name.lower()


def _head(document: Json) -> str:
    info = document["info"]
    server = escape(document["servers"][0]["url"])
    return (
        f"<header><h1>{escape(info['title'])}</h1><p>{escape(info['summary'])}</p>"
        f'<ul class="facts"><li><code>{server}</code></li>'
        f"<li>version {escape(info['version'])}</li>"
        '<li><a href="/openapi.json">openapi.json</a></li></ul></header>'
    )


def _start(book: Book, document: Json) -> str:
    server = document["servers"][0]["url"]
    variables = (
        f"export TAPGATE_URL={server}\n"
        "export TAPGATE_PROVIDER=your-name\n"
        "export TAPGATE_PROVIDER_SECRET=whsec_…\n"
        "export TAPGATE_PRIVATE_KEY=whsk_…  # only with a key pair"
    )
    return (
        f"<h2>Start</h2>{paragraphs(document['info']['description'])}"
        "<article><h3>Send your first signal</h3>"
        "<p>An admin gives you a name and a secret. The examples find them here:</p>"
        f"{code(variables)}<p>Each example signs a signal, sends it and prints the "
        f"receipt.</p>{_files('send', SENDING)}</article>"
        f"<article><h3>When something is refused</h3>{_problem(book)}</article>"
    )


def _problem(book: Book) -> str:
    content = book.follow({"$ref": "#/components/responses/InvalidFields"})["content"]
    (told,) = content.values()
    model, _ = told["schema"]["allOf"]
    return code(json.dumps(told["example"], indent=2)) + fields(
        book, book.follow(model)
    )


def _files(group: str, shown: tuple[tuple[str, str, str], ...]) -> str:
    """Examples in tabs."""
    return tabs(
        group,
        {
            label: f"<p>{escape(about)} <code>{name}</code></p>{code(example(name))}"
            for label, name, about in shown
        },
    )


def _signing(document: Json) -> str:
    schemes = document["components"]["securitySchemes"]
    post = document["paths"]["/api/v1/signals"]["post"]
    names = ("Plain", "Standard Webhooks")
    cards = "".join(
        f"<article><h3>{name}</h3>{_scheme_table(schemes, demand)}</article>"
        for name, demand in zip(names, post["security"], strict=True)
    )
    return (
        "<h2>Signing</h2><p>Sign the bytes that you send, in one of two forms, and put "
        "the time inside the signature. Sign anew whenever you send again.</p>"
        f'<div class="pair">{cards}</div>'
    )


def _scheme_table(schemes: Json, demand: Json) -> str:
    rows = [
        (f"<code>{escape(each['name'])}</code>", prose(each["description"]))
        for each in (schemes[name] for name in demand)
    ]
    return table(("Header", "Value"), rows)


def _operations(book: Book, document: Json, tag: Json) -> str:
    shown = "".join(
        _operation(book, path, verb, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if tag["name"] in operation["tags"]
    )
    about = f'<p class="lead">{prose(tag["description"])}</p>'
    return f"<h2>{escape(tag['name'])}</h2>{about}{shown}"


def _operation(book: Book, path: str, verb: str, operation: Json) -> str:
    parts = [
        f"<h3>{escape(operation['summary'])}</h3>",
        _route(verb, path),
        paragraphs(operation.get("description", "")),
    ]
    if operation["operationId"] == "sendAlert":
        parts.append(_files("alert", ALERTING))
    if operation.get("parameters"):
        parts.append(f"<h4>Parameters</h4>{parameters(book, operation['parameters'])}")
    if "requestBody" in operation:
        parts.append(_request(book, operation["requestBody"]))
    good = operation["responses"].get("201") or operation["responses"]["200"]
    parts.append(
        f"<h4>Answers</h4>{answers(book, operation['responses'])}{_content(book, good)}"
    )
    return f'<article id="{operation["operationId"]}">{"".join(parts)}</article>'


def _route(verb: str, path: str) -> str:
    badge = f'<span class="verb {verb}">{verb.upper()}</span>'
    return f'<div class="route">{badge}<code>{escape(path)}</code></div>'


def _request(book: Book, body: Json) -> str:
    content = body["content"]["application/json"]
    schema = book.follow(content["schema"])
    shown = by_shape(book, schema) if "oneOf" in schema else fields(book, schema)
    about = paragraphs(schema["description"])
    bodies = {
        each["summary"]: code(json.dumps(each["value"], indent=2))
        for each in content["examples"].values()
    }
    samples = tabs(schema_name(content["schema"]), bodies)
    return f"<h4>Body</h4>{about}{shown}<h4>Examples</h4>{samples}"


def _content(book: Book, response: Json) -> str:
    """The model of a good answer, folded away."""
    content = response.get("content", {}).get("application/json")
    if content is None or "properties" not in book.follow(content["schema"]):
        return ""
    shown = fields(book, book.follow(content["schema"]))
    if "example" in content:
        shown = code(json.dumps(content["example"], indent=2)) + shown
    name = escape(schema_name(content["schema"]))
    return f"<details><summary>{name}: its fields</summary>{shown}</details>"
