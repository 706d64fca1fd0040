"""Which inputs a call passes, and which ones a function cannot take."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plan.conftest import Project
from tqrun.plan.binding import Problem, arguments, bind

ORDERS = ("tests.plan.functions.orders", "tests.plan.functions.orders_as_text")
STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}


def optional(name: str) -> dict[str, Any]:
    return {"type": [name, "null"], "default": None}


def problems(project: Project, annotation: str, declared: Any) -> list[Problem]:
    """What a parameter `x: annotation` has against an input `x` that is declared so."""
    source = f"""
import datetime, decimal, enum, uuid
from dataclasses import dataclass
from pydantic import BaseModel
from typing import *

Speed = enum.Enum("Speed", {{"SLOW": "slow"}})
Level = enum.Enum("Level", {{"LOW": 1}})

@dataclass
class Item:
    name: str

class Customer(BaseModel):
    name: str

class Address(TypedDict):
    city: str

def send(x: {annotation}): ...
"""
    return list(arguments(project.function(source), {"x": declared}).problems)


def test_inputs_are_passed_as_the_parameters_of_their_names(project: Project) -> None:
    function = project.function("def send(b, a, c=1): ...\n")

    call = arguments(function, {"a": STRING, "other": STRING, "b": STRING, "c": STRING})

    assert call == (("a", "b", "c"), ())


def test_optional_parameters_that_no_input_names_keep_their_default(project: Project) -> None:
    assert arguments(project.function("def send(a=1): ...\n"), {}) == ((), ())


def test_a_function_with_keyword_arguments_gets_every_input(project: Project) -> None:
    function = project.function("def send(a, **others): ...\n")

    assert arguments(function, {"b": STRING, "a": STRING}).passed == ("b", "a")


def test_a_parameter_without_input_is_told_with_the_inputs(project: Project) -> None:
    project.write({"jobs/mail.py": "\n" * 11})
    function = project.function("def send(entity_id: str, workspace: int): ...\n")

    call = arguments(function, {"entity_id": STRING, "workspace_id": INTEGER})

    assert call.problems == (
        Problem(
            "unbound-parameter",
            'parameter "workspace" of send (jobs/mail.py:1) has no value; '
            "inputs are entity_id, workspace_id",
            "workspace",
        ),
    )


def test_of_many_inputs_the_nearest_is_told(project: Project) -> None:
    function = project.function("def send(workspace): ...\n")
    available = {f"field_{number}": STRING for number in range(20)} | {"workspace_id": STRING}

    (problem,) = arguments(function, available).problems

    assert problem.message.endswith('has no value; did you mean "workspace_id"?')


def test_a_parameter_of_a_workflow_without_input_says_so(project: Project) -> None:
    (problem,) = arguments(project.function("def send(to): ...\n"), {}).problems

    assert problem.message.endswith("has no value; the workflow declares no input")


@pytest.mark.parametrize(
    ("annotation", "declared"),
    [
        ("str", STRING),
        ("int", INTEGER),
        ("float", INTEGER),
        ("float", NUMBER),
        ("bool", {"type": "boolean"}),
        ("dict", {"type": "object"}),
        ("list", {"type": "array", "items": STRING}),
        ("Any", optional("string")),
        ("object", optional("string")),
        ("int", {}),
        ("int", {"minimum": 1}),
        ("int | str", {"type": ["integer", "string"]}),
        ("int | None", optional("integer")),
        ("Optional[str]", optional("string")),
        ("str = None", optional("string")),
        ("decimal.Decimal", STRING),
        ("decimal.Decimal", NUMBER),
        ("datetime.datetime", STRING),
        ("datetime.datetime", {"type": "string", "format": "date-time"}),
        ("datetime.date", {"type": "string", "format": "date"}),
        ("uuid.UUID", {"type": "string", "format": "uuid"}),
        ("uuid.UUID", {"type": "string", "format": "hostname"}),
        ("datetime.timedelta", STRING),
        ("bytes", STRING),
        ("Speed", STRING),
        ("Speed", {"enum": ["slow"]}),
        ("Level", INTEGER),
        ("Literal['a', 'b']", STRING),
        ("Literal['a', 'b', None]", {"type": ["string", "null"], "enum": ["a", None]}),
        ("Literal['a'] | Literal['b']", {"enum": ["a", "b"]}),
        ("str", {"const": "a"}),
        ("list[int]", {"type": "array", "items": INTEGER}),
        ("list[int]", {"type": "array"}),
        ("list[float]", {"type": "array", "items": {"type": ["integer", "number"]}}),
        ("tuple[int, ...]", {"type": "array", "items": INTEGER}),
        ("set[str]", {"type": "array", "items": STRING}),
        ("list[list[str]]", {"type": "array", "items": {"type": "array", "items": STRING}}),
        ("Item", {"type": "object"}),
        ("Customer", {"type": "object"}),
        ("Address", {"type": "object"}),
        ("list[Item]", {"type": "array", "items": {"type": "object"}}),
        ("dict[str, Item]", {"type": "object"}),
        ("int", {"anyOf": [INTEGER, {"const": 3}]}),
        ("Annotated[int, 'unhashable', []]", INTEGER),
    ],
)
def test_what_fits_is_no_problem(project: Project, annotation: str, declared: Any) -> None:
    assert problems(project, annotation, declared) == []


@pytest.mark.parametrize(
    ("annotation", "declared", "told"),
    [
        ("int", STRING, 'takes int, but input "x" is string'),
        ("int", NUMBER, 'takes int, but input "x" is number'),
        ("int", {"type": "boolean"}, 'takes int, but input "x" is boolean'),
        ("bool", INTEGER, 'takes bool, but input "x" is integer'),
        ("str", INTEGER, 'takes str, but input "x" is integer'),
        ("str", {"type": ["string", "integer"]}, 'takes str, but input "x" may be integer'),
        ("int", optional("string"), 'takes int, but input "x" is string or null'),
        (
            "int",
            optional("integer"),
            'takes int, but input "x" may be null; '
            'write "int | None", or give the input another default',
        ),
        (
            "datetime.datetime",
            {"type": "string", "format": "uuid"},
            'takes datetime, but input "x" is string (uuid)',
        ),
        ("datetime.datetime", INTEGER, 'takes datetime, but input "x" is integer'),
        ("Speed", INTEGER, 'takes Speed, but input "x" is integer'),
        ("Speed", {"enum": ["slow", "fast"]}, 'takes Speed, but input "x" may be "fast"'),
        ("Literal[1]", {"enum": [2, 3]}, 'takes Literal[1], but input "x" is 2 or 3'),
        ("str", {"enum": ["a", 1]}, 'takes str, but input "x" may be 1'),
        (
            "list[int]",
            {"type": "array", "items": STRING},
            'takes list[int], but input "x" is string[]',
        ),
        (
            "list[str]",
            {"type": "array", "items": {"type": ["string", "null"]}},
            'takes list[str], but input "x" is (string or null)[]',
        ),
        (
            "tuple[int, str]",
            {"type": "array", "items": INTEGER},
            'takes tuple[int, str], but input "x" is integer[]',
        ),
        (
            "list[Item]",
            {"type": "array", "items": STRING},
            'takes list[jobs.mail.Item], but input "x" is string[]',
        ),
        ("list[int]", STRING, 'takes list[int], but input "x" is string'),
        ("Item", STRING, 'takes Item, but input "x" is string'),
        ("Address", {"type": "array"}, 'takes Address, but input "x" is array'),
    ],
)
def test_what_cannot_fit_is_told_with_both_types(
    project: Project, annotation: str, declared: Any, told: str
) -> None:
    (problem,) = problems(project, annotation, declared)

    told = f'parameter "x" of send (jobs/mail.py:19) {told}'
    assert problem == Problem("wrong-parameter-type", told, "x")


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        (
            "type('Mailer', (), {})",
            "Mailer cannot be made from JSON; "
            "use plain types, dataclasses, TypedDict or Pydantic models",
        ),
        (
            "Callable[[], int]",
            "Callable[[], int] cannot be made from JSON; "
            "use plain types, dataclasses, TypedDict or Pydantic models",
        ),
        (
            "'Decimal'",
            "name 'Decimal' is not defined; import it outside of \"if TYPE_CHECKING:\"",
        ),
        ("'decimal.Dezimal'", "module 'decimal' has no attribute 'Dezimal'"),
        (
            "[int]",
            "[<class 'int'>] cannot be made from JSON; "
            "use plain types, dataclasses, TypedDict or Pydantic models",
        ),
    ],
)
def test_a_type_that_no_json_makes_is_told(project: Project, annotation: str, told: str) -> None:
    (problem,) = problems(project, annotation, STRING)

    told = f'parameter "x" of send (jobs/mail.py:19): {told}'
    assert problem == Problem("bad-annotation", told, "x")


def test_the_type_of_a_parameter_that_gets_nothing_does_not_matter(project: Project) -> None:
    function = project.function("class M: ...\ndef send(to: str, mailer: M = M()): ...\n")

    assert arguments(function, {"to": STRING}) == (("to",), ())


@pytest.mark.parametrize("module", ORDERS)
def test_annotations_that_are_text_are_judged_alike(module: str) -> None:
    function = bind(f"{module}:objects")
    declared = dict.fromkeys(("item", "address", "customer", "labels", "items"), INTEGER)

    found = arguments(function, declared).problems

    assert [problem.code for problem in found] == ["wrong-parameter-type"] * 5
