"""What is read from a function that the queues file names, and what cannot be one."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.plan.conftest import Project, fault
from tqrun.plan.binding import Parameter, bind


def test_a_function_is_read_with_its_parameters_and_its_result(project: Project) -> None:
    function = project.function("def send(to: str, copies: int = 1) -> list[str]: ...\n")

    assert function.path == "jobs.mail:send"
    assert function.name == "send"
    assert function.parameters == (Parameter("to", True, str), Parameter("copies", False, int))
    assert function.returns == list[str]
    assert function.accepts_any is False
    assert function.is_async is False
    assert function.place() == "jobs/mail.py:1"


def test_annotations_that_are_text_mean_the_same(project: Project) -> None:
    function = project.function(
        """
        from __future__ import annotations
        from datetime import date

        def send(to: list[str], on: date | None = None) -> Receipt: ...

        class Receipt: ...
        """
    )

    assert [one.annotation for one in function.parameters] == [list[str], _date() | None]
    assert function.returns is sys.modules["jobs.mail"].Receipt


def _date() -> Any:
    from datetime import date

    return date


def test_parameters_without_annotation_take_anything(project: Project) -> None:
    function = project.function("def send(to): ...\n")

    assert function.parameters == (Parameter("to", True, Any),)
    assert function.returns is Any


def test_a_default_of_none_admits_none(project: Project) -> None:
    function = project.function("def send(to: str = None): ...\n")

    assert function.parameters == (Parameter("to", False, str | None),)


def test_an_unknown_type_of_the_result_is_any(project: Project) -> None:
    assert project.function("def send() -> 'Nowhere': ...\n").returns is Any


def test_an_unknown_type_leaves_the_other_annotations_known(project: Project) -> None:
    function = project.function("def send(to: 'Nowhere', copies: 'int'): ...\n")

    assert function.parameters[1] == Parameter("copies", True, int)


def test_an_async_function_is_told_apart(project: Project) -> None:
    assert project.function("async def send(): ...\n").is_async is True


def test_keyword_arguments_accept_any_input(project: Project) -> None:
    assert project.function("def send(to, **others): ...\n").accepts_any is True


def test_a_parameter_has_the_line_on_which_it_stands(project: Project) -> None:
    function = project.function(
        """
        import functools

        @functools.cache
        def send(
            to: str,
            copies: int,
        ): ...
        """
    )

    assert function.line == 4
    assert function.place("copies") == "jobs/mail.py:6"


def test_a_function_without_readable_source_has_the_line_that_python_knows(
    project: Project,
) -> None:
    function = project.function("def send(to): ...\n")
    (project.folder / "jobs" / "mail.py").unlink()

    assert function.place("to") == "jobs/mail.py:1"


DECORATED = """
    import functools

    def logged(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            return "logged", function(*args, **kwargs)
        return call

    @logged
    def send(to: str):
        return to
"""


def test_a_decorated_function_has_its_own_parameters(project: Project) -> None:
    function = project.function(DECORATED)

    assert function.parameters == (Parameter("to", True, str),)
    assert function.place() == "jobs/mail.py:10"


def test_a_decorated_function_is_called_with_its_decorator(project: Project) -> None:
    assert project.function(DECORATED).function(to="a") == ("logged", "a")


def test_a_cached_function_is_a_function(project: Project) -> None:
    function = project.function("import functools\n@functools.cache\ndef send(to): ...\n")

    assert function.parameters == (Parameter("to", True, Any),)


def test_a_partial_function_lacks_what_is_given_already(project: Project) -> None:
    function = project.function(
        """
        from functools import partial

        async def _send(sender, to: str, *, channel="mail"): ...

        send = partial(_send, "me", channel="chat")
        """
    )

    assert function.parameters == (Parameter("to", True, str), Parameter("channel", False, Any))
    assert function.is_async is True
    assert function.place() == "jobs/mail.py:3"


def test_a_method_of_an_object_is_a_function(project: Project) -> None:
    function = project.function(
        """
        class Mailer:
            def send(self, to: str): ...

        send = Mailer().send
        """
    )

    assert function.parameters == (Parameter("to", True, str),)


def test_a_temporal_activity_is_bound_as_the_plain_function_it_is(project: Project) -> None:
    function = project.function(
        """
        def defn(function):
            function.__temporal_activity_definition = object()
            return function

        @defn
        def send(to: str): ...
        """
    )

    assert function.parameters == (Parameter("to", True, str),)


def test_an_unknown_function_is_told_with_the_nearest_one_of_its_module(project: Project) -> None:
    source = "from os.path import sep, split\ndef send(): ...\ndef _sned(): ...\n"

    assert project.fault(source, "jobs.mail:sedn") == (
        "unknown-function",
        'module "jobs.mail" (jobs/mail.py) has no function "sedn"; did you mean "send"?',
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("class send: ...", '"send" (jobs/mail.py) is a class; name a function'),
        ("send = None", '"send" (jobs/mail.py) is of type NoneType; name a function'),
        (
            "class Sender:\n    def __call__(self): ...\nsend = Sender()",
            '"send" (jobs/mail.py) is an object that can be called; write a function that calls it',
        ),
        (
            "from unittest.mock import call as send",
            '"send" (jobs/mail.py) is an object that can be called; write a function that calls it',
        ),
        (
            "from functools import partial\nsend = partial(dict, a=1)",
            '"send" (jobs/mail.py) is an object that can be called; write a function that calls it',
        ),
        ("def send():\n    yield", '"send" (jobs/mail.py:1) is a generator; return a list instead'),
        (
            "async def send():\n    yield",
            '"send" (jobs/mail.py:1) is a generator; return a list instead',
        ),
        (
            "class Mailer:\n    def send(self, to): ...\nsend = Mailer.send",
            '"send" (jobs/mail.py:2) is a method of Mailer and needs its object; '
            "write a function that calls it",
        ),
        (
            "import functools\nasync def _send(): ...\n"
            "@functools.wraps(_send)\ndef send(): return _send()",
            '"send" (jobs/mail.py:2) is async below a decorator that is not; '
            "make the decorator's own function async",
        ),
        (
            "send = max",
            '"jobs.mail:send" does not tell its parameters; write a function that calls it',
        ),
    ],
)
def test_what_cannot_be_called_like_a_function_is_named(
    project: Project, source: str, told: str
) -> None:
    assert project.fault(source + "\n") == ("not-a-function", told)


def test_a_function_below_a_decorator_that_collects_it_may_be_a_generator(
    project: Project,
) -> None:
    source = """
        import functools

        def listed(function):
            return functools.wraps(function)(lambda *args: list(function(*args)))

        @listed
        def send():
            yield 1
    """

    assert project.function(source).function() == [1]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "def send(\n    to,\n    /,\n): ...",
            'parameter "to" of send (jobs/mail.py:2) can only be given by position; '
            'remove the "/" after it',
        ),
        (
            "def send(*to): ...",
            "send (jobs/mail.py:1) hides its parameters in *to; "
            "name them, or use functools.wraps in its decorator",
        ),
        (
            "def logged(function):\n"
            "    def call(*args, **kwargs): ...\n"
            "    return call\n"
            "@logged\n"
            "def send(to): ...",
            "send (jobs/mail.py:2) hides its parameters in *args; "
            "name them, or use functools.wraps in its decorator",
        ),
    ],
)
def test_parameters_without_a_name_are_named(project: Project, source: str, told: str) -> None:
    assert project.fault(source + "\n") == ("unnamed-parameter", told)


def test_an_optional_parameter_by_position_is_left_out(project: Project) -> None:
    function = project.function("def send(first=1, /, to=2): ...\n")

    assert function.parameters == (Parameter("to", False, Any),)


def test_more_by_position_beside_named_parameters_is_left_out(project: Project) -> None:
    assert len(project.function("def send(to, *others): ...\n").parameters) == 1


def test_installed_functions_can_be_bound() -> None:
    assert bind("shutil:rmtree").parameters[0].name == "path"


def test_a_module_that_is_not_the_projects_has_its_whole_path() -> None:
    assert "/shutil.py) has no function" in fault("shutil:rmtrea")[1]
