"""Reading values into a model so that everything wrong is told at once.

A field of a wrong type is named with a sentence and left out, and the rest is still
read, so that the rules of ``core`` can complain of the rest in the same answer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Generic, TypeVar

from multidict import MultiMapping
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.intake import FieldProblem

M = TypeVar("M", bound=BaseModel)

MOST_PROBLEMS = 50
"""So many of one request are told; an answer is not a mirror."""
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[M]):
    """What could be read, and what could not."""

    content: M
    problems: tuple[FieldProblem, ...] = ()
    wrong: frozenset[str] = frozenset()
    """The fields that the problems name; in ``content`` they have their defaults."""


def read_form(model: type[M], given: Mapping[str, object]) -> Form[M]:
    """``given`` as ``model``, all of whose fields have defaults."""
    try:
        return Form(content=model.model_validate(given))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
    wrong = frozenset(str(fault["loc"][0]) for fault in faults)
    rest = {name: value for name, value in given.items() if name not in wrong}
    problems = (_problem(fault, model.model_fields) for fault in faults[:MOST_PROBLEMS])
    return Form(
        content=model.model_validate(rest), problems=tuple(problems), wrong=wrong
    )


def read_query(model: type[M], query: MultiMapping[str]) -> Form[M]:
    """A query as ``model``; no key may stand there twice."""
    if not query:
        return _empty(model)
    twice = sorted(name for name in set(query) if len(query.getall(name)) > 1)
    form = read_form(model, {name: query[name] for name in query if name not in twice})
    again = tuple(
        FieldProblem(field=name[:_LONGEST_NAME], message="is there twice")
        for name in twice[:MOST_PROBLEMS]
    )
    return replace(form, problems=form.problems + again)


@cache
def _empty(model: type[M]) -> Form[M]:
    """Of every request without a query: models are frozen."""
    return Form(content=model())


def _problem(fault: ErrorDetails, known: Collection[str]) -> FieldProblem:
    name = str(fault["loc"][0])
    unknown = fault["type"] == "extra_forbidden"
    message = _unknown(name, known) if unknown else fault["msg"]
    return FieldProblem(field=name[:_LONGEST_NAME], message=message)


def _unknown(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name[:_LONGEST_NAME], known, n=1)
    if near:
        return f"is not known; did you mean {near[0]}?"
    return f"is not known; known are {', '.join(known)}"
