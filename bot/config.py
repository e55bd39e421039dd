"""The configuration: ``config.toml`` for choices, the environment for secrets.

Read once, here and nowhere else. Every key can be overridden by the environment
as ``TAPGATE_<SECTION>__<KEY>``; secrets come only from there, or from a file named
in ``…_FILE``. An unknown key is an error that names it and the nearest known one.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.settings import AccountConfig, Section, Settings

PREFIX = "TAPGATE_"
SECRETS = ("telegram.token", "telegram.webhook_secret", "secret_key")
"""Never in the file."""


class ConfigError(Exception):
    """The configuration cannot be used; each problem is a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def environment() -> Mapping[str, str]:
    """The process's environment; the only place that reads it."""
    return os.environ  # noqa: TID251 - this module is the place


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the file and lay the environment over it.

    Raises:
        ConfigError: with every problem that was found.
    """
    if not path.is_file():
        raise ConfigError(
            [
                (
                    f"There is no configuration at {path}. Copy config.toml from the "
                    "Tapgate folder here and edit it, or name yours with --config FILE "
                    "or TAPGATE_CONFIG."
                )
            ]
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError([f"{path} is not valid TOML: {broken}"]) from broken
    return build(content, environ, source=str(path))


def build(
    content: dict[str, Any], environ: Mapping[str, str], *, source: str
) -> Settings:
    """Settings from a parsed file and an environment.

    Raises:
        ConfigError: with every problem that was found.
    """
    problems = [
        f"{source}: {name} is a secret and belongs into the environment as "
        f"{_variable(name)}, or into a file named in {_variable(name)}_FILE."
        for name in SECRETS
        if _find(content, name) is not None
    ]
    if problems:
        raise ConfigError(problems)
    variables = {_key(each): each for each in environ if _means_a_key(each)}
    merged = _overlaid(content, environ, variables)
    try:
        return Settings.model_validate(merged)
    except ValidationError as invalid:
        raise ConfigError(
            [_sentence(dict(each), source, variables) for each in invalid.errors()]
        ) from invalid


def unserved(settings: Settings) -> list[str]:
    """Choices that this version does not serve yet, each as a sentence.

    They are refused, because a choice that is accepted and ignored is a lie.
    """
    problems = []
    if not settings.cache.url.startswith("memory:"):
        problems.append('cache.url: this version serves only "memory://".')
    if settings.alerts.url or settings.alerts.heartbeat_url:
        problems.append("alerts: this version alarms by Telegram only.")
    problems += [
        f'accounts.{name}.broker: this version serves only "paper", '
        f'was "{account.broker}".'
        for name, account in settings.accounts.items()
        if account.broker != "paper"
    ]
    return problems


def _variable(name: str) -> str:
    return PREFIX + name.upper().replace(".", "__")


def _find(content: Mapping[str, Any], name: str) -> Any:
    found: Any = content
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _key(variable: str) -> str:
    """The key that a variable names: ``telegram.owners``."""
    return variable.removeprefix(PREFIX).lower().replace("__", ".")


def _means_a_key(variable: str) -> bool:
    """Whether a variable sets a key; others of ours are for somebody else.

    Raises:
        ConfigError: it sets none, but was surely meant to.
    """
    if not variable.startswith(PREFIX):
        return False
    name = _key(variable)
    if "." in name or name.removesuffix("_file") in SECRETS:
        return True
    for known in _known_keys():
        if "." in known and name.removesuffix("_file") == known.replace(".", "_"):
            meant = _variable(known)
            raise ConfigError([f"{variable} sets nothing. Did you mean {meant}?"])
    return False


def _overlaid(
    content: dict[str, Any],
    environ: Mapping[str, str],
    variables: Mapping[str, str],
) -> dict[str, Any]:
    """The content with ``TAPGATE_…`` variables laid over it."""
    merged = {
        key: dict(value) if isinstance(value, dict) else value
        for key, value in content.items()
    }
    for name, variable in variables.items():
        text, secret = environ[variable], name.removesuffix("_file")
        if secret != name and secret in SECRETS:
            _put(merged, secret.split("."), _secret_file(variable, text))
        else:
            _put(merged, name.split("."), _value(text, name))
    return merged


def _secret_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as missing:
        raise ConfigError(
            [f"{variable} names {path}: {missing.strerror}."]
        ) from missing


def _value(text: str, name: str) -> Any:
    """A variable's text as TOML where it is a list, else as it is."""
    if name in SECRETS or not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(content: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a key; variables have no small letters, so ``Live1`` is found as well."""
    for part in path[:-1]:
        name = _present(content, part)
        inner = content.get(name)
        content[name] = dict(inner) if isinstance(inner, Mapping) else {}
        content = content[name]
    content[_present(content, path[-1])] = value


def _present(content: Mapping[str, Any], name: str) -> str:
    return next((key for key in content if key.lower() == name), name)


def _sentence(error: dict[str, Any], source: str, variables: Mapping[str, str]) -> str:
    """One problem for a person: the key, what was expected, what was there."""
    name = ".".join(str(part) for part in error["loc"])
    source = variables.get(name.lower(), source)
    if error["type"] == "extra_forbidden":
        return f"{source}: there is no key {name}.{_hint(name)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    message = _SAID.get(error["type"], message)
    secret = any(name.startswith(each) for each in SECRETS)
    plain = isinstance(error["input"], str | int | float)
    was = f", was {error['input']!r}" if plain and not secret else ""
    return f"{source}: {name}: {message}{was}."


_SAID = {
    "missing": "is required",
    "tuple_type": "must be a list in brackets, as in [1, 2]",
    "model_type": "must be a section",
    "dict_type": "must be a section",
}
"""What a person understands better than the validator's own words."""


def _hint(name: str) -> str:
    """The nearest known key, if one is near."""
    parts = name.split(".")
    account = parts[1] if parts[0] == "accounts" and len(parts) > 1 else ""
    wanted = ".".join(["accounts", _NAME, *parts[2:]] if account else parts)
    near = difflib.get_close_matches(wanted, _known_keys(), n=1)
    return f" Did you mean {near[0].replace(_NAME, account)}?" if near else ""


_NAME = "NAME"
"""Stands for an account's name."""


def _known_keys(model: type[Section] = Settings, before: str = "") -> list[str]:
    """Every key of the model, with its sections before it."""
    found = []
    for key, field in model.model_fields.items():
        name, inner = f"{before}{key}", field.annotation
        found.append(name)
        if name == "accounts":
            found += _known_keys(AccountConfig, f"accounts.{_NAME}.")
        elif isinstance(inner, type) and issubclass(inner, Section):
            found += _known_keys(inner, f"{name}.")
    return found
