"""JSON arguments become the values that annotations promise, or one error that quotes none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.plan.conftest import Project
from tqrun.plan.binding import BindingError, bind
from tqrun.plan.decoding import ArgumentError, decoder

ORDERS = ("tests.plan.functions.orders", "tests.plan.functions.orders_as_text")


def decode(module: str, name: str, arguments: Any) -> dict[str, Any]:
    return decoder(bind(f"{module}:{name}"))(arguments)


def complaint(name: str, arguments: Any, module: str = ORDERS[0]) -> str:
    with pytest.raises(ArgumentError) as caught:
        decode(module, name, arguments)
    return str(caught.value)


@pytest.mark.parametrize("module", ORDERS)
def test_scalars_are_what_they_are(module: str) -> None:
    arguments = {"text": "a", "count": 5, "ratio": 1.5, "flag": True}

    assert decode(module, "scalars", arguments) == arguments


def test_a_whole_number_is_a_float_where_one_is_asked_for() -> None:
    values = decode(ORDERS[0], "scalars", {"text": "", "count": 1, "ratio": 2, "flag": False})

    assert type(values["ratio"]) is float


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("text", 5, "must be a valid string"),
        ("count", "5", "must be a valid integer"),
        ("count", 5.0, "must be a valid integer"),
        ("count", True, "must be a valid integer"),
        ("count", None, "must be a valid integer"),
        ("ratio", "1.5", "must be a valid number"),
        ("flag", 1, "must be a valid boolean"),
        ("flag", "yes", "must be a valid boolean"),
    ],
)
def test_scalars_of_another_type_are_refused(field: str, value: Any, told: str) -> None:
    arguments = {"text": "a", "count": 5, "ratio": 1.5, "flag": True}

    assert complaint("scalars", arguments | {field: value}) == f'parameter "{field}" {told}'


@pytest.mark.parametrize("module", ORDERS)
def test_text_becomes_what_json_has_no_form_for(module: str) -> None:
    arguments = {
        "at": "2026-03-02T10:00:00Z",
        "day": "2026-03-02",
        "wait": "PT90S",
        "order_id": "8c0b9a3e-6f9e-4f0e-9d55-0d1f1f0b7a11",
        "price": "19.90",
        "raw": "abc",
    }

    assert decode(module, "texts", arguments) == {
        "at": datetime(2026, 3, 2, 10, tzinfo=UTC),
        "day": date(2026, 3, 2),
        "wait": timedelta(seconds=90),
        "order_id": UUID("8c0b9a3e-6f9e-4f0e-9d55-0d1f1f0b7a11"),
        "price": Decimal("19.90"),
        "raw": b"abc",
    }


@pytest.mark.parametrize("module", ORDERS)
def test_values_of_an_enum_become_its_members(module: str) -> None:
    values = decode(module, "choices", {"speed": "fast", "mode": "live"})

    assert (values["speed"].name, values["mode"]) == ("FAST", "live")


@pytest.mark.parametrize("module", ORDERS)
def test_lists_become_tuples_and_sets(module: str) -> None:
    arguments = {"pair": [1, "a"], "tags": ["x", "x"], "prices": ["1.10", 2]}

    assert decode(module, "collections", arguments) == {
        "pair": (1, "a"),
        "tags": {"x"},
        "prices": [Decimal("1.10"), Decimal(2)],
    }


@pytest.mark.parametrize("module", ORDERS)
def test_objects_become_dataclasses_typed_dicts_and_models(module: str) -> None:
    values = decode(
        module,
        "objects",
        {
            "item": {"name": "pen", "price": "1.10"},
            "address": {"city": "Bonn"},
            "customer": {"name": "Ada", "birthday": "1815-12-10"},
            "labels": {"a": 1},
            "items": [{"name": "ink", "price": 2}],
        },
    )

    assert values["item"].price == Decimal("1.10")
    assert values["address"] == {"city": "Bonn"}
    assert values["customer"].birthday == date(1815, 12, 10)
    assert values["labels"] == {"a": 1}
    assert values["items"][0].name == "ink"


@pytest.mark.parametrize("module", ORDERS)
def test_typed_dicts_inside_other_types_are_validated(module: str) -> None:
    told = complaint("addresses", {"by_name": {"home": {"city": 5}}}, module)

    assert told == 'parameter "by_name" at city must be a valid string'


@pytest.mark.parametrize("module", ORDERS)
def test_null_is_taken_where_none_is(module: str) -> None:
    arguments = {"count": None, "limit": None}

    assert decode(module, "optional", arguments) == arguments


def test_what_has_no_annotation_is_passed_as_it_is() -> None:
    value = {"a": [1, 2**80, 1.5, None, "ü"]}

    assert decode(ORDERS[0], "untyped", {"anything": value, "other": value}) == {
        "anything": value,
        "other": value,
    }


def test_arguments_that_only_keyword_arguments_take_are_passed_as_they_are() -> None:
    assert decode(ORDERS[0], "anything_else", {"text": "a", "more": [1]}) == {
        "text": "a",
        "more": [1],
    }


def test_every_problem_is_told_at_once() -> None:
    assert complaint("scalars", {"text": 1, "count": "x", "flag": True, "colour": "red"}) == (
        'parameter "text" must be a valid string; '
        'parameter "count" must be a valid integer; '
        'parameter "ratio" has no value; '
        'scalars has no parameter "colour"'
    )


def test_a_problem_inside_a_value_says_where() -> None:
    arguments = {
        "item": {"name": "pen"},
        "address": {"city": "Bonn"},
        "customer": {"name": ""},
        "labels": {"secret": "x"},
        "items": [{"name": "ink", "price": 1}, {"name": 5, "price": 1}],
    }

    assert complaint("objects", arguments) == (
        'parameter "item" at price has no value; '
        'parameter "customer" at name is not valid: string should have at least 1 character; '
        'parameter "labels" must be a valid integer; '
        'parameter "items" at [1].name must be a valid string'
    )


SECRET = "s3cret"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("int", SECRET),
        ("uuid.UUID", SECRET),
        ("datetime.datetime", SECRET),
        ("decimal.Decimal", SECRET),
        ("Literal['a']", SECRET),
        ("int | list[int]", SECRET),
        ("dict[str, int]", {SECRET: "a"}),
        ("dict[str, Strict]", {SECRET: {SECRET: SECRET}}),
        ("Strict", {SECRET: SECRET}),
        ("Tagged", {"kind": SECRET}),
        ("Checked", SECRET),
    ],
)
def test_no_value_is_quoted(project: Project, annotation: str, value: Any) -> None:
    function = project.function(
        f"""
        import datetime, decimal, uuid
        from pydantic import AfterValidator, BaseModel, Field
        from typing import *

        class Strict(BaseModel, extra="forbid"):
            name: str

        class A(BaseModel):
            kind: Literal["a"]

        class B(BaseModel):
            kind: Literal["b"]

        Tagged = Annotated[A | B, Field(discriminator="kind")]

        def _check(value):
            raise ValueError(f"bad value {{value}}")

        Checked = Annotated[str, AfterValidator(_check)]

        def send(x: {annotation}): ...
        """
    )

    with pytest.raises(ArgumentError) as caught:
        decoder(function)({"x": value})

    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    assert SECRET not in "".join(str(error) for error in chain)


def test_an_unfit_text_is_named_by_the_type_that_is_meant() -> None:
    arguments = {"pair": [1, "a"], "tags": [], "prices": []}
    text = json.loads('{"at": "soon"}')

    assert complaint("texts", text | {"order_id": "7"}).startswith(
        'parameter "at" is not a valid datetime; parameter "day" has no value'
    )
    assert decode(ORDERS[0], "collections", arguments)["tags"] == set()


def test_a_model_keeps_the_rules_of_its_own(project: Project) -> None:
    function = project.function(
        """
        from pydantic import BaseModel

        class Lax(BaseModel):
            count: int

        def send(x: Lax): ...
        """
    )

    assert decoder(function)({"x": {"count": "5"}})["x"].count == 5


def test_an_optional_parameter_that_no_json_makes_keeps_its_default(project: Project) -> None:
    function = project.function("class M: ...\ndef send(to: str, mailer: M = M()): ...\n")
    decode = decoder(function)

    assert decode({"to": "a"}) == {"to": "a"}
    with pytest.raises(ArgumentError, match='send has no parameter "mailer"'):
        decode({"to": "a", "mailer": {}})


def test_a_required_parameter_that_no_json_makes_is_a_finding(project: Project) -> None:
    function = project.function("class M: ...\ndef send(mailer: M): ...\n")

    with pytest.raises(BindingError) as caught:
        decoder(function)

    assert caught.value.code == "bad-annotation"
    assert caught.value.message == (
        'parameter "mailer" of send (jobs/mail.py:2): M cannot be made from JSON; '
        "use plain types, dataclasses, TypedDict or Pydantic models"
    )
