"""What a test sees of the workflows that it runs, and what it is told when it asks wrongly."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tqrun.testing import Call, Queues, RehearsalFailed, RunError, Timer


@pytest.fixture
def queues_file() -> Path:
    return Path(__file__).parent / "project" / "queues.yaml"


@pytest.fixture
def order(queues: Queues) -> Queues:
    """The queues, with a stand-in for all that an order calls."""
    queues.fake("charge", returns={"number": 7})
    queues.fake("pack")
    queues.fake("ship", returns="shipped")
    queues.fake("print_label")
    return queues


def failure(queues: Queues, name: str, **values: object) -> RunError:
    error = queues.run(name, **values).error
    assert error is not None
    return error


def test_calls_stand_in_order_with_their_arguments(order: Queues) -> None:
    run = order.run("order", order_id="A")
    assert run.result == 7
    assert run.calls == [
        Call("charge", {"order_id": "A", "count": None}),
        Call("pack", {"order_id": "A"}),
        Call("ship", {"order_id": "A"}),
        Call("print_label", {"order_id": "A", "count": None}),
    ]


def test_a_call_tells_where_it_would_go(order: Queues) -> None:
    run = order.run("order", order_id="A")
    assert [(call.task_queue, call.workflow_id) for call in run.calls] == [
        ("order-v1", "order-A"),
        ("warehouse-v3", "order-A"),
        ("shipment-v2", "shipment-A"),
        ("printers", "order-A"),
    ]


def test_days_are_skipped(order: Queues) -> None:
    run = order.run("order", order_id="A")
    first, last = run.events[0], run.events[-1]
    assert (first.type, last.type) == ("WorkflowExecutionStarted", "WorkflowExecutionCompleted")
    assert first.attributes["input"] == [{"order_id": "A", "count": None}]
    assert last.attributes["result"] == [7]
    assert last.time - first.time >= timedelta(days=3)
    assert run.timers == [Timer(timedelta(days=3), fired=True)]


def test_nothing_is_skipped_until_the_clock_is_moved(order: Queues) -> None:
    run = order.start("order", order_id="A")
    assert run.skip("2d")
    assert run.query("paid") == {"number": 7}
    assert [call.activity for call in run.calls] == ["charge"]
    run.signal("cancel", reason="too late")
    assert str(run.error) == "order_cancelled: too late"
    with pytest.raises(RunError):
        _ = run.result
    assert run.timers == [Timer(timedelta(days=3), fired=False)]


def test_a_started_run_is_waited_for_with_its_children(order: Queues) -> None:
    run = order.start("order", order_id="A")
    run.skip("3d")
    assert run.result == 7


def test_the_same_id_is_free_in_every_test(order: Queues) -> None:
    assert order.start("order", order_id="A").status == "started"
    assert order.start("order", order_id="A").status == "already_running"


def test_a_cancelled_run_says_so(order: Queues) -> None:
    run = order.start("order", order_id="A")
    run.cancel()
    assert run.error is not None
    assert run.error.type == "cancelled"


def test_failures_are_retried_as_declared(order: Queues) -> None:
    order.fake("charge", returns={"number": 1}, fails=[ValueError("a"), OSError("b")])
    run = order.run("order", order_id="A")
    assert run.result == 1
    assert [call.attempt for call in run.calls if call.activity == "charge"] == [1, 2, 3]


def test_an_error_that_is_not_retried_ends_the_run_with_its_type(order: Queues) -> None:
    order.fake("charge", fails=[KeyError("A")])  # a LookupError
    error = failure(order, "order", order_id="A")
    assert (error.type, error.message, error.activity) == ("KeyError", "'A'", "charge")
    assert (error.retry_state, error.non_retryable) == ("non_retryable_failure", True)


def test_time_that_a_call_takes_passes_for_others_too(queues: Queues) -> None:
    queues.fake("run_slowly", returns="slow", delays="10m")
    queues.fake("run_quickly", returns="quick", delays="1s")
    run = queues.run("race", order_id="A")
    assert run.result == ["slow", "quick"]
    assert [call.activity for call in run.calls] == ["run_quickly", "run_slowly"]
    lasted = run.events[-1].time - run.events[0].time
    assert timedelta(minutes=40) <= lasted < timedelta(minutes=41)


@pytest.mark.parametrize(
    ("delay", "timeout_type", "attempts"),
    [("150m", "schedule_to_close", [1, 2]), ("5h", "schedule_to_close", [1, 2])],
)
def test_a_call_that_takes_too_long_times_out(
    queues: Queues, delay: str, timeout_type: str, attempts: list[int]
) -> None:
    queues.fake("run_slowly", returns="slow", delays=delay)
    queues.fake("run_quickly", returns="quick")
    run = queues.run("race", order_id="A")
    assert run.error is not None
    assert (run.error.type, run.error.timeout_type) == ("timeout", timeout_type)
    slow = [call.attempt for call in run.calls if call.activity == "run_slowly"]
    assert slow == attempts


def test_attempts_that_take_time_are_counted_once(order: Queues) -> None:
    order.fake("charge", fails=[ValueError("x")] * 3, delays="1m")
    run = order.run("order", order_id="A")
    assert run.error is not None
    assert (run.error.type, run.error.retry_state) == ("ValueError", "maximum_attempts_reached")
    assert [call.attempt for call in run.calls] == [1, 2, 3]
    lasted = run.events[-1].time - run.events[0].time
    assert timedelta(seconds=3 * 60 + 10 + 20) <= lasted < timedelta(seconds=3 * 60 + 10 + 20 + 5)


def test_a_function_stands_in_with_the_parameters_that_it_has(order: Queues) -> None:
    async def charge(count: int | None) -> dict[str, int]:
        return {"number": count or 0}

    order.fake("charge", charge)
    order.fake("pack", lambda: None)
    order.fake("print_label", lambda **arguments: arguments["order_id"])
    assert order.run("order", order_id="A", count=3).result == 3


def test_the_function_itself_can_be_called(order: Queues) -> None:
    order.real("charge")
    assert order.run("order", order_id="four").result == 4


def test_log_lines_of_the_run_are_those_of_the_test(
    order: Queues, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    order.run("order", order_id="A")
    (record,) = [one for one in caplog.records if one.name == "tqrun.workflow"]
    assert (record.message, vars(record)["workflow_id"]) == ("charged A", "order-A")


def test_a_call_that_nothing_stands_in_for_fails_the_test_though_the_run_goes_on(
    queues: Queues,
) -> None:
    for activity in ("ship", "print_label"):
        queues.fake(activity, returns="")
    queues.fake("charge", returns={"number": 7})
    with pytest.raises(RehearsalFailed) as failed:
        queues.run("order", order_id="A")
    assert str(failed.value) == (
        "\"pack\" has no stand-in; write queues.fake('pack', returns=…), "
        "or queues.real('pack') to call the function itself"
    )


def test_an_assertion_in_a_stand_in_is_the_tests(order: Queues) -> None:
    def charge(order_id: str) -> None:
        assert order_id == "B"

    order.fake("charge", charge)
    with pytest.raises(AssertionError, match="assert 'A' == 'B'"):
        order.run("order", order_id="A")


def test_a_stand_in_can_fail_the_test(order: Queues) -> None:
    order.fake("charge", lambda: pytest.fail("not to be called"))
    with pytest.raises(pytest.fail.Exception, match="not to be called"):
        order.run("order", order_id="A")


def test_a_call_that_always_fails_ends(order: Queues) -> None:
    def ship() -> None:
        raise OSError

    order.fake("ship", ship)
    with pytest.raises(RehearsalFailed) as failed:
        order.run("shipment", order_id="A")
    assert str(failed.value) == (
        '"ship" failed 500 times; give its retry_policy maximum_attempts, or let the stand-in end'
    )


STUCK = (
    "stubborn-A does not go on: its workflow task fails again and again: "
    "RuntimeError: no way for A <- KeyError: 'map'"
)


@pytest.mark.parametrize("queue", ["stubborn", "parent"])
def test_a_run_that_cannot_go_on_fails_the_test_with_the_cause(queues: Queues, queue: str) -> None:
    with pytest.raises(RehearsalFailed) as failed:
        queues.run(queue, order_id="A")
    assert str(failed.value) == STUCK


def test_whatever_waits_for_a_run_that_cannot_go_on_fails(queues: Queues) -> None:
    run = queues.start("stubborn", order_id="A")
    for ask in (lambda: run.result, lambda: run.error, lambda: run.skip("1d")):
        with pytest.raises(RehearsalFailed) as failed:
            ask()
        assert str(failed.value) == STUCK


def test_wrong_questions_get_one_clear_line(queues: Queues) -> None:
    def told(ask: object) -> str:
        with pytest.raises(RehearsalFailed) as failed:
            ask()  # type: ignore[operator]
        return str(failed.value)

    assert told(lambda: queues.fake("charg")) == (
        'there is no activity "charg"; did you mean "charge"?'
    )
    place = "charge (tests/testing/project/orders/order.py:8)"
    assert told(lambda: queues.fake("charge", returns={"number": "7"})) == (
        f"{place} does not return this at number: input should be a valid integer"
    )
    assert told(lambda: queues.real("print_label")) == (
        '"print_label" is served by other workers; give a stand-in'
    )
    assert told(lambda: queues.run("ordr", order_id="A")) == (
        'there is no queue "ordr"; did you mean "order"?'
    )
    assert told(lambda: queues.run("order")) == 'input "order_id" is missing'


def test_a_signal_and_a_query_are_held_against_the_file(order: Queues) -> None:
    run = order.start("order", order_id="A")

    def told(ask: Callable[[], object]) -> str:
        with pytest.raises(RehearsalFailed) as failed:
            ask()
        return str(failed.value)

    assert told(lambda: run.signal("cancle", reason="x")) == (
        'order has no signal "cancle"; did you mean "cancel"?'
    )
    assert told(lambda: run.signal("cancel")) == 'signal "cancel": field "reason" is missing'
    assert told(lambda: run.signal("cancel", reason=1)).startswith(
        'signal "cancel": field "reason"'
    )
    assert told(lambda: run.query("nope")) == 'order has no query "nope"; known here: paid'
    assert told(lambda: run.skip("1")) == f"skip: {NO_DURATION.format('1')}"
    run.signal("cancel", reason="x")
    assert run.error is not None


NO_DURATION = '"{}": not a duration; write for example "30s", "5m" or "1h30m"'


def test_a_stand_in_that_makes_no_sense_is_refused(queues: Queues) -> None:
    def told(**given: Any) -> str:
        with pytest.raises(RehearsalFailed) as failed:
            queues.fake("charge", *given.pop("function", ()), **given)
        return str(failed.value)

    assert told(function=[lambda: {"number": 1}], returns={"number": 2}) == (
        '"charge" has a function and returns=; give one of them'
    )
    assert told(fails=["x"]) == "fails: 'x' is no exception; write fails=[ValueError(\"…\")]"
    assert told(fails="x") == "fails: 'x' is no exception; write fails=[ValueError(\"…\")]"
    assert told(delays="5") == f"delays: {NO_DURATION.format('5')}"
    assert told(delays=5) == f"delays: {NO_DURATION.format('5')}"


def test_one_failure_need_not_be_a_list(order: Queues) -> None:
    order.fake("charge", returns={"number": 1}, fails=ValueError("x"))
    run = order.run("order", order_id="A")
    assert [call.attempt for call in run.calls if call.activity == "charge"] == [1, 2]


def test_the_result_of_a_function_is_held_against_the_annotation(order: Queues) -> None:
    order.fake("charge", lambda: {"number": "7"})
    with pytest.raises(RehearsalFailed) as failed:
        order.run("order", order_id="A")
    assert str(failed.value) == (
        "charge (tests/testing/project/orders/order.py:8) does not return this at number: "
        "input should be a valid integer"
    )


def test_no_number_of_timers_is_too_many_to_skip(queues: Queues) -> None:
    assert len(queues.run("patience", times=250).timers) == 250


def test_an_activity_of_one_queue_is_addressed_by_both_names(queues: Queues) -> None:
    """Two queues have an activity of this name, with functions that return different things."""
    queues.fake("refund.approve", returns=12)
    queues.fake("complaint.approve", returns="sorry")
    assert queues.run("refund", order_id="A").result == 12
    assert queues.run("complaint", order_id="A").result == "sorry"
    with pytest.raises(
        RehearsalFailed, match=r'no activity "refund\.aprove"; did you mean "refund'
    ):
        queues.fake("refund.aprove")
    with pytest.raises(RehearsalFailed, match=r"approve \(.*complaint.py:1\) does not return this"):
        queues.fake("approve", returns=12)


def test_a_missing_stand_in_is_named_as_a_test_must_name_it(queues: Queues) -> None:
    queues.fake("complaint.approve", returns="sorry")
    with pytest.raises(RehearsalFailed, match=r'^"refund\.approve" has no stand-in; write '):
        queues.run("refund", order_id="A")


def test_a_call_tells_whose_it_is(order: Queues) -> None:
    run = order.run("order", order_id="A")
    assert [call.queue for call in run.calls] == ["order", "order", "shipment", "order"]


def test_a_stand_in_that_takes_no_time_any_more_has_the_declared_attempts(order: Queues) -> None:
    order.fake("charge", returns={"number": 1}, delays="1m")
    order.fake("charge", fails=[ConnectionError("no line")] * 6, returns={"number": 1})
    run = order.run("order", order_id="A")
    assert run.error is not None
    assert [call.attempt for call in run.calls] == [1, 2, 3]


def test_a_signal_starts_the_run_that_is_not_there(order: Queues) -> None:
    run = order.signal_with_start("order", "cancel", {"reason": "first"}, order_id="A")
    again = order.signal_with_start("order", "cancel", {"reason": "second"}, order_id="A")
    assert (run.status, again.status) == ("started", "joined")
    assert again.run_id == run.run_id
    assert str(run.error) == "order_cancelled: first"


@pytest.mark.parametrize(
    ("queue", "signal", "payload", "message"),
    [
        ("order", "cancl", {}, 'order has no signal "cancl"; did you mean "cancel"?'),
        ("order", "cancel", {}, 'signal "cancel": field "reason" is missing'),
        ("gathered", "more", {}, "gathered is debounced: start it, then signal it"),
    ],
)
def test_a_signal_that_cannot_start_a_run_is_refused(
    queues: Queues, queue: str, signal: str, payload: dict[str, Any], message: str
) -> None:
    with pytest.raises(RehearsalFailed, match=re.escape(message)):
        queues.signal_with_start(queue, signal, payload, order_id="A")


def test_a_run_is_continued_when_its_history_has_so_many_events(queues: Queues) -> None:
    queues.continue_every(10)
    run = queues.run("rounds", times=9)
    assert run.result == [*range(9)]
    runs = [event for event in run.events if event.type == "WorkflowExecutionContinuedAsNew"]
    assert len(runs) > 2
    assert run.timers == [Timer(timedelta(minutes=1), fired=True)] * 9


def test_one_event_is_no_reason_to_stand_still(queues: Queues) -> None:
    queues.continue_every(1)
    assert queues.run("rounds", times=3).result == [0, 1, 2]
    with pytest.raises(RehearsalFailed, match="continue_every: 0 is not a whole number above 0"):
        queues.continue_every(0)


def test_a_run_is_not_continued_unless_asked(queues: Queues) -> None:
    run = queues.run("rounds", times=9)
    assert run.result == [*range(9)]
    assert {event.type for event in run.events}.isdisjoint({"WorkflowExecutionContinuedAsNew"})


def test_the_time_of_a_child_passes_for_its_parent_when_asked(queues: Queues) -> None:
    """A child of a child takes two days, and the child a day more; two hours pass meanwhile."""
    queues.use_one_clock()
    run = queues.run("caravan", order_id="A", fails=False)
    camel, horse = (seconds(run.result[name]) for name in ("camel", "horse"))
    assert (camel // 3600, horse // 3600) == (72, 2)
    assert run.result["error"] is None
    assert run.timers == [Timer(timedelta(hours=2), fired=True)]


def test_the_time_of_a_child_that_fails_passes_too(queues: Queues) -> None:
    queues.use_one_clock()
    run = queues.run("caravan", order_id="A", fails=True)
    assert run.result["error"] == "thirsty"
    assert seconds(run.result["camel"]) // 3600 == 72


def test_the_time_of_a_child_is_its_own_unless_asked(queues: Queues) -> None:
    run = queues.run("caravan", order_id="A", fails=False)
    assert seconds(run.result["camel"]) < 60


def seconds(duration: str) -> float:
    """Of a duration as CEL writes it."""
    return float(duration.removesuffix("s"))


def test_findings_of_a_queue_are_told_in_every_test_that_uses_it_and_only_there(
    tqrun_rehearsal: Any, tmp_path: Path
) -> None:
    file = tmp_path / "queues.yaml"
    file.write_text(
        "queues:\n"
        "  faulty:\n"
        "    version: 1\n"
        "    workflow_id: faulty-${order_id}\n"
        "    input: {order_id: string}\n"
        "    steps: [{return: '${ordr_id}'}]\n"
        "  healthy:\n"
        "    version: 1\n"
        "    workflow_id: healthy-${order_id}\n"
        "    input: {order_id: string}\n"
        "    steps: [{return: '${order_id}'}]\n"
    )
    for _ in range(2):
        with Queues(tqrun_rehearsal, file) as queues:
            with pytest.raises(RehearsalFailed, match='"ordr_id" is not known here'):
                queues.run("faulty", order_id="A")
            assert queues.run("healthy", order_id="A").result == "A"
