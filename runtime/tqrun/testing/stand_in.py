"""What is called in place of an activity, and what an attempt of it comes to, as JSON."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from tqrun.errors import RehearsalFailed
from tqrun.plan.decoding import ArgumentError, decoder
from tqrun.plan.signatures import BoundFunction, read
from tqrun.plan.types import modern

Outcome = dict[str, Any]

_logger = logging.getLogger(__name__)


@dataclass
class StandIn:
    """One activity of a test.

    Attributes:
        call: Makes the result from the arguments.
        fails: What the next attempts fail with.
        delay: Seconds that each attempt takes.
    """

    call: Callable[[Mapping[str, Any]], Any]
    fails: list[BaseException] = field(default_factory=list)
    delay: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def returning(
        cls, function: BoundFunction | None, value: Any, fails: Sequence[BaseException]
    ) -> StandIn:
        """Always *value*, which must be what *function* is annotated to return.

        Raises:
            RehearsalFailed: It is not.
        """
        given = value is not None or not fails
        if function is not None and given:
            _check(function, value)
        return cls(lambda _: value, list(fails))

    @classmethod
    def calling(
        cls,
        function: Callable[..., Any],
        bound: BoundFunction | None,
        fails: Sequence[BaseException],
    ) -> StandIn:
        """What *function* makes of those arguments that it has parameters for.

        Each result must be what *bound*, the activity's own function, is annotated to return.
        """
        call = _caller(read(getattr(function, "__name__", "stand-in"), function))
        if bound is None:
            return cls(call, list(fails))

        def checked(arguments: Mapping[str, Any]) -> Any:
            result = call(arguments)
            _check(bound, result)
            return result

        return cls(checked, list(fails))

    @classmethod
    def bound(cls, function: BoundFunction) -> StandIn:
        """The activity's own function."""
        return cls(_caller(function))

    def outcome(self, arguments: Mapping[str, Any]) -> Outcome:
        """What an attempt with *arguments* comes to.

        Raises:
            AssertionError: The test expects something else; so is what `pytest.fail` raises.
            RehearsalFailed: A function gave a result that the activity cannot give.
        """
        with self._lock:
            failure = self.fails.pop(0) if self.fails else None
        try:
            if failure is not None:
                raise failure
            outcome = {"value": from_json(to_json(self.call(arguments)))}
        except (AssertionError, RehearsalFailed):
            raise  # it is meant for the test
        except Exception as error:  # what an activity raises, the run is told
            _logger.info("a stand-in raised %s", type(error).__name__, exc_info=error)
            outcome = {"error": _described(error)}
        return {**outcome, "delay": self.delay} if self.delay else outcome


def exceptions(given: BaseException | Sequence[BaseException]) -> list[BaseException]:
    """What attempts are to fail with; one need not be in a list.

    Raises:
        RehearsalFailed: Something of it cannot be raised.
    """
    found: list[Any] = [given] if isinstance(given, BaseException) else list(given)
    for one in found:
        kind = one if isinstance(one, type) else type(one)
        if not issubclass(kind, BaseException):
            message = f'fails: {one!r} is no exception; write fails=[ValueError("…")]'
            raise RehearsalFailed(message)
    return found


def ended(message: str) -> Outcome:
    """What an attempt comes to in a test that has failed: the end of the run."""
    error = {"type": "tqrun.TestFailed", "message": message, "classes": []}
    return {"error": {**error, "non_retryable": True}}


def no_stand_in(activities: Iterable[str]) -> str:
    """Says that nothing stands in for *activities*, and what to write."""
    names = list(activities)
    verb = "has" if len(names) == 1 else "have"
    shown = ", ".join(f'"{name}"' for name in names)
    return (
        f"{shown} {verb} no stand-in; write queues.fake({names[0]!r}, returns=…), "
        f"or queues.real({names[0]!r}) to call the function itself"
    )


def _caller(function: BoundFunction) -> Callable[[Mapping[str, Any]], Any]:
    decode = decoder(function)
    names = {parameter.name for parameter in function.parameters}

    def call(arguments: Mapping[str, Any]) -> Any:
        given = {
            name: value
            for name, value in arguments.items()
            if function.accepts_any or name in names
        }
        result = function.function(**decode(given))
        return asyncio.run(_awaited(result)) if function.is_async else result

    return call


async def _awaited(result: Any) -> Any:
    return await result


def _described(error: Exception) -> dict[str, Any]:
    """*error* as the worker would report it."""
    if isinstance(error, ArgumentError):
        return {
            "type": "invalid_input",
            "message": str(error),
            "non_retryable": True,
            "classes": [],
        }
    return {
        # Temporal's own ApplicationError, if the function raises that, says its type itself.
        "type": getattr(error, "type", None) or type(error).__name__,
        "message": str(getattr(error, "message", error)),
        "non_retryable": getattr(error, "non_retryable", False),
        "classes": [kind.__name__ for kind in type(error).__mro__],
    }


def _check(function: BoundFunction, value: Any) -> None:
    if function.returns is Any:
        return
    try:
        TypeAdapter(modern(function.returns)).validate_json(to_json(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        place = f" at {where}" if where else ""
        message = f"{function.name} ({function.place()}) does not return this{place}"
        raise RehearsalFailed(f"{message}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
