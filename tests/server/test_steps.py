"""What each kind of step means, on the real server."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.testing import TimeSkipper

from tests.server.inprocess import failures_in, histories, outcome, task_failures
from tests.server.step_functions import CALLS
from tests.server.steps import Steps
from tests.server.support import eventually
from tqrun.temporal import calls
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.server import EmbeddedServer
from tqrun.temporal.workflow import STATE


@pytest.fixture
async def steps(
    server: EmbeddedServer,
    unique: Callable[[str], str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Steps:
    caplog.set_level(logging.ERROR, logger="temporalio.activity")
    caplog.set_level(logging.INFO)
    client = await connect(Connection(server.address, None, None), "default")
    return Steps(client, tmp_path, unique("steps").replace("-", "_"))


BOTH = pytest.mark.parametrize("continued", [False, True], ids=["in one run", "continued"])


@BOTH
async def test_foreach_gives_results_in_item_order_without_failed_items(
    steps: Steps, continued: bool
) -> None:
    steps.write("""
      - foreach: ${[4, 1, 2, 3, 0]}
        item: one
        max_concurrent: 3
        on_error: continue
        collect: ${found}
        as: at_once
        steps:
          - sleep: ${one * 20}ms
          - {activity: refuse, with: {value: "${one}"}, as: found}
      - foreach: ${[4, 1, 2]}
        item: one
        index: at
        on_error: continue
        collect: ["${at}", "${found}"]
        as: in_turn
        steps:
          - {activity: refuse, with: {value: "${one}"}, as: found}
      - return: ["${at_once}", "${in_turn}"]
    """)
    result = [[4, 2, 0], [[0, 4], [2, 2]]]
    assert await steps.outcome(continued=continued) == {"result": result}


@BOTH
async def test_nested_loops_go_on_at_their_position(steps: Steps, continued: bool) -> None:
    steps.write("""
      - set: {seen: []}
      - foreach: ${["a", "b"]}
        item: outer
        steps:
          - while: ${turn < 2}
            index: turn
            steps:
              - repeat_until: ${pass == 1}
                index: pass
                steps:
                  - {activity: echo, with: {value: "${outer}"}, as: word}
                  - set: {seen: "${seen + [word + string(turn) + string(pass)]}"}
      - return: ${seen.join(",")}
    """)
    expected = "a00,a01,a10,a11,b00,b01,b10,b11"
    assert await steps.outcome(continued=continued) == {"result": expected}


@BOTH
async def test_the_first_clause_that_matches_counts(steps: Steps, continued: bool) -> None:
    steps.write("""
      - set: {seen: ""}
      - try:
          - {activity: refuse, with: {value: 3}, as: never}
          - log: ${never}
        catch:
          - error_types: [LookupError]
            steps: [{return: wrong type}]
          - when: ${error.message == "other"}
            steps: [{return: wrong message}]
          - error_types: [ValueError]
            steps:
              - {activity: number, with: {value: 1}}
              - set: {seen: "${error.type}: ${error.message} in ${error.activity}"}
          - steps: [{return: too late}]
        finally:
          - set: {seen: "${seen + '; finally'}"}
      - return: ${seen}
    """)
    expected = "ValueError: 3 is odd in refuse; finally"
    assert await steps.outcome(continued=continued) == {"result": expected}


@BOTH
async def test_an_error_that_is_raised_again_is_the_original_one(
    steps: Steps, continued: bool
) -> None:
    steps.write("""
      - try:
          - try:
              - try:
                  - {activity: refuse, with: {value: 5}}
                catch:
                  - error_types: [timeout]
                    steps: [{return: none matches}]
            catch:
              - steps:
                  - {activity: number, with: {value: 1}}
                  - fail: ${error}
        catch:
          - as: outer
            when: ${outer.activity == "refuse" && outer.retry_state == "maximum_attempts_reached"}
            steps:
              - {activity: number, with: {value: 1}}
              - fail: ${outer}
    """)
    expected = {"error": "ValueError", "message": "5 is odd"}
    assert await steps.outcome(continued=continued) == expected


async def test_set_computes_all_values_first(steps: Steps) -> None:
    steps.write("""
      - set: {a: 1, b: 2}
      - set: {a: "${b}", b: "${a}"}
      - return: ["${a}", "${b}"]
    """)
    assert await steps.outcome() == {"result": [2, 1]}


async def test_loop_limits_fail_or_end_the_loop(steps: Steps) -> None:
    steps.write("""
      - set: {count: 0}
      - while: ${count < 100}
        max_iterations: ${1 + 1}
        on_limit: continue
        steps: [{sleep: 1ms}, {set: {count: "${count + 1}"}}]
      - repeat_until: ${count > 100}
        max_iterations: 3
        steps: [{sleep: 1ms}, {set: {count: "${count + 1}"}}]
    """)
    message = "steps[2] has not ended after 3 passes"
    assert await steps.outcome() == {"error": "loop_limit", "message": message}


WRONG_VALUES = {
    "max_concurrent": (
        "- foreach: [1]\n  max_concurrent: ${size(id) - 1}\n  steps: [{sleep: 1ms}]",
        "${size(id) - 1} is not a whole number of at least 1",
    ),
    "timeout": (
        "- {activity: number, with: {value: 1}, start_to_close_timeout: '${size(id) - 1}s'}",
        "${size(id) - 1}s is not a duration above 0s",
    ),
    "attempts": (
        "- {activity: number, with: {value: 1}, retry_policy: {maximum_attempts: '${-size(id)}'}}",
        "Maximum attempts cannot be negative",
    ),
    "index": (
        "- return: ${id.split(',')[1]}",
        "${id.split(',')[1]}: there is no item 1 in a list of 1",
    ),
    "number": (
        "- return: ${1.0 / double(size(id) - 1)}",
        "${1.0 / double(size(id) - 1)}: inf is no JSON number",
    ),
}


@pytest.mark.parametrize("key", WRONG_VALUES)
async def test_an_expression_that_fails_fails_the_run(steps: Steps, key: str) -> None:
    text, message = WRONG_VALUES[key]
    steps.write(text)
    found = await steps.outcome()
    assert found["error"] == "expression"
    assert message in found["message"]


WAITS = """
  signals: {approve: {by: string}, reject: {why: string}}
  queries: {heard: "${heard}"}
  steps:
    - set: {heard: []}
    - wait_for: approve
      timeout: 0s
      as: none_yet
    - wait_for: [approve, reject]
      as: first
    - {activity: number, with: {value: 1}}
    - wait_for: [approve, reject]
      all: true
      as: rest
    - wait_for: approve
      timeout: 10ms
      as: late
    - set: {heard: ["${none_yet}", "${first}", "${rest}", "${late}"]}
    - return: ${heard}
"""


@BOTH
async def test_signals_are_taken_in_order_of_arrival(
    steps: Steps, continued: bool, caplog: pytest.LogCaptureFixture
) -> None:
    steps.write(WAITS.replace("timeout: 0s", "timeout: 1ms", 1))
    handle = await steps.launch()
    stop = (lambda: True) if continued else None
    async with steps.working(is_time_to_stop=stop):
        async with asyncio.timeout(20):
            while (await handle.query(STATE))["steps"] != ["steps[2]"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    await handle.signal("reject", {"why": "a"})
    await handle.signal("approve", {"by": "b"})
    await handle.signal("approve", {"by": 5})
    await handle.signal("reject", {"why": "c"})
    await handle.signal("unheard_of", "d")
    async with steps.working(is_time_to_stop=stop):
        found = await outcome(handle)
    first = {"approve": None, "reject": {"why": "a"}}
    rest = [{"approve": {"by": "b"}, "reject": None}, {"approve": None, "reject": {"why": "c"}}]
    assert found == {"result": [None, first, rest, None]}
    lines = [record.getMessage() for record in caplog.records if record.name == "tqrun.workflow"]
    assert lines == ["signal dropped", "signal dropped"]


@BOTH
async def test_signals_that_came_before_the_run_began_are_there(
    steps: Steps, continued: bool
) -> None:
    steps.write(
        WAITS.replace(
            "- wait_for: approve\n      timeout: 0s\n      as: none_yet\n    ",
            "- set: {none_yet: 0}\n    ",
        )
    )
    handle = await steps.launch()
    for name, payload in (
        ("reject", {"why": "a"}),
        ("approve", {"by": "b"}),
        ("reject", {"why": "c"}),
    ):
        await handle.signal(name, payload)
    async with steps.working(is_time_to_stop=(lambda: True) if continued else None):
        found = (await outcome(handle))["result"]
    assert [found[1]["reject"], [list(one) for one in found[2]]] == [
        {"why": "a"},
        [["approve", "reject"]] * 2,
    ]


async def test_two_branches_never_take_one_signal(steps: Steps) -> None:
    steps.write("""
      signals: {turn: {number: integer}}
      steps:
        - parallel:
            left: [{wait_for: turn, as: one}]
            right: [{wait_for: turn, as: two}]
        - return: ["${one.number}", "${two.number}"]
    """)
    async with steps.working():
        handle = await steps.launch()
        for number, waiting in ((1, 3), (2, 2)):
            async with asyncio.timeout(20):
                while len((await handle.query(STATE))["steps"]) != waiting:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await handle.signal("turn", {"number": number})
        assert await outcome(handle) == {"result": [1, 2]}


async def test_a_failed_branch_cancels_the_others_and_waits_for_them(steps: Steps) -> None:
    steps.write("""
      - parallel:
          failing:
            - sleep: 100ms
            - {activity: refuse, with: {value: 7}}
          other:
            - try:
                - activity: waiting
                  with: {value: "${workflow.id}"}
                  heartbeat_timeout: 1s
                  cancellation_type: wait_cancellation_completed
              finally:
                - {activity: echo, with: {value: "${workflow.id + ' clean'}"}}
            - {activity: echo, with: {value: "${workflow.id + ' went on'}"}}
    """)
    assert await steps.outcome() == {"error": "ValueError", "message": "7 is odd"}
    name = f"{steps.queue}-main-1"
    mine = [call for call in CALLS if call.startswith(name)]
    assert mine == [name, f"{name} cancelled", f"{name} clean"]


SHIELDED = """
  - try:
      - sleep: 1h
    catch:
      - error_types: [cancelled]
        steps:
          - {activity: slow, with: {value: "${workflow.id + ' clause'}", seconds: 0.2}}
    finally:
      - {activity: slow, with: {value: "${workflow.id + ' finally'}", seconds: 0.2}}
  - return: went on
"""


@pytest.mark.parametrize("cached_runs", [1000, 0])
async def test_a_clause_for_cancelled_is_done_and_the_run_goes_on(
    steps: Steps, cached_runs: int
) -> None:
    steps.write(SHIELDED)
    async with steps.working(cached_runs=cached_runs):
        handle = await steps.launch()
        await handle.cancel()
        found = await outcome(handle)
        assert await task_failures(handle) == []
    name = f"{steps.queue}-main-1"
    mine = [call for call in CALLS if call.startswith(name)]
    assert (found, mine) == ({"result": "went on"}, [f"{name} clause", f"{name} finally"])


@pytest.mark.parametrize("cached_runs", [1000, 0])
async def test_a_cancellation_during_finally_waits_for_its_end(
    steps: Steps, cached_runs: int
) -> None:
    steps.write("""
      - try:
          - {activity: number, with: {value: 1}}
        finally:
          - {activity: slow, with: {value: "${workflow.id + ' begun'}", seconds: 0.1}}
          - {activity: slow, with: {value: "${workflow.id + ' more'}", seconds: 0.5}}
          - {activity: slow, with: {value: "${workflow.id + ' ended'}", seconds: 0.1}}
      - {activity: echo, with: {value: "${workflow.id + ' went on'}"}}
    """)
    name = f"{steps.queue}-main-1"
    async with steps.working(cached_runs=cached_runs):
        handle = await steps.launch()
        await eventually(lambda: f"{name} begun" in CALLS)
        await handle.cancel()
        assert (await outcome(handle))["error"] == "cancelled"
    mine = [call for call in CALLS if call.startswith(name)]
    assert mine == [f"{name} begun", f"{name} more", f"{name} ended"]


async def test_a_line_is_logged_once_with_any_text_and_field(
    steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    steps.write("""
      input: {message: string, name: string}
      memo: [name]
      steps:
        - {log: "100% of ${message}", level: warning, fields: [message, name]}
        - {activity: number, with: {value: 1}}
        - sleep: 1ms
    """)
    async with steps.working(cached_runs=0):
        await outcome(await steps.launch(message="it", name="n"))
    lines = [record.getMessage() for record in caplog.records if record.name == "tqrun.workflow"]
    assert lines == ["100% of it"]


async def test_a_large_result_that_is_kept_fails_the_run_and_is_named(steps: Steps) -> None:
    steps.write("""
      - {activity: large, with: {size: 1100000}}
      - {activity: large, with: {size: 1100000}, as: page}
      - log: ${page}
    """)
    message = (
        '"page", the result of large, has 1.1 MB; '
        "a run keeps at most 1 MB, so store it and return where"
    )
    assert await steps.outcome() == {"error": "result_too_large", "message": message}


async def test_a_state_too_large_to_be_carried_names_the_largest_local(steps: Steps) -> None:
    steps.write("""
      - {activity: large, with: {size: 300000}, as: small}
      - {activity: large, with: {size: 800000}, as: great}
      - return: ${size(small + great)}
    """)
    message = (
        'the run must go on in a new one, and "great" is too large to be carried; '
        "together they may have 1 MB, so store it and keep where"
    )
    assert await steps.outcome(continued=True) == {"error": "state_too_large", "message": message}


async def test_what_is_past_is_not_waited_for(steps: Steps) -> None:
    steps.write("""
      - sleep_until: '2020-01-01T00:00:00Z'
      - sleep: ${size(id) - 1}s
      - return: ${workflow.id}
    """)
    async with steps.working():
        handle = await steps.launch()
        await outcome(handle)
        kinds = [event.event_type for event in (await handle.fetch_history()).events]
    assert 17 not in kinds, "a timer was started"


async def test_options_may_be_expressions(steps: Steps) -> None:
    steps.write("""
      input: {times: integer, where: string}
      steps:
        - activity: attempt
          with: {value: "${workflow.id}"}
          task_queue: ${where}
          start_to_close_timeout: ${times}s
          retry_policy:
            {maximum_attempts: "${times}", initial_interval: "${times}ms", backoff_coefficient: 1}
    """)
    where = f"{steps.queue.replace('_', '-')}-v1"
    found = await steps.outcome(times=3, where=where)
    assert found == {"error": "RuntimeError", "message": "attempt 3"}


FAMILY = """
  workflow_id: "{queue}-child-${id}"
  memo: [id]
  steps:
    - wait_for: go
    - {activity: refuse, with: {value: "${size(id)}"}, as: found}
    - return: ${found}
  signals: {go: {}}
"""


@BOTH
async def test_a_child_is_waited_for_or_not_and_found_running(
    steps: Steps, continued: bool
) -> None:
    steps.write(
        """
        - {workflow: child, with: {id: ab}, wait: false, as: begun}
        - {workflow: child, with: {id: ab}, on_already_started: skip, as: again}
        - try:
            - {workflow: child, with: {id: ab}}
          catch:
            - {steps: [{set: {kind: "${error.type}"}}]}
        - {workflow: child, with: {id: cd}, as: waited}
        - {workflow: child, with: {id: e}, on_error: continue, as: failed}
        - return: ["${begun.workflow_id}", "${again}", "${waited}", "${failed}"]
        """.replace("- try:", "- set: {kind: ''}\n        - try:").replace(
            '"${failed}"]', '"${failed}", "${kind}"]'
        ),
        child=FAMILY,
    )
    async with steps.working(is_time_to_stop=(lambda: True) if continued else None):
        handle = await steps.launch()
        for name in ("cd", "e"):
            child = steps.client.get_workflow_handle(f"{steps.queue}-child-{name}")
            async with asyncio.timeout(30):
                while not await exists(child):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await child.signal("go", {})
        found = await outcome(handle)
        abandoned = steps.client.get_workflow_handle(f"{steps.queue}-child-ab")
        assert (await abandoned.describe()).status.name == "RUNNING"  # type: ignore[union-attr]
        assert await (await abandoned.describe()).memo() == {"id": "ab"}
        await abandoned.terminate()
    expected = [f"{steps.queue}-child-ab", None, 2, None, "already_started"]
    assert found == {"result": expected}


async def exists(handle: Any) -> bool:
    try:
        return (await handle.describe()) is not None
    except Exception:  # noqa: BLE001 - the server has no such run yet
        return False


async def test_queries_show_where_a_run_is(steps: Steps) -> None:
    steps.write("""
      signals: {go: {}}
      queries: {total: "${total}", early: "${later}", chance: "${random() < 2.0}"}
      steps:
        - set: {total: 5}
        - foreach: [7, 8]
          item: one
          steps:
            - if: ${one == 8}
              then:
                - {wait_for: go}
              else:
                - set: {total: "${total + one}"}
        - set: {later: "${random() < 2.0}"}
        - {activity: number, with: {value: "${later ? total : 0}"}}
    """)
    async with steps.working():
        handle = await steps.launch()
        async with asyncio.timeout(20):
            while len((await handle.query(STATE))["steps"]) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        state = await handle.query(STATE)
        answers = [await handle.query(name) for name in ("total", "early", "chance")]
        await handle.signal("go", {})
        assert await outcome(handle) == {"result": 12}
        assert await task_failures(handle) == []
    del state["plan"]
    assert state == {
        "steps": ["steps[1]", "steps[1].steps[0]", "steps[1].steps[0].then[0]"],
        "passes": {"steps[1]": 1},
        "locals": {"total": 12},
        "unread_signals": [],
        "pending_launches": 0,
    }
    assert answers == [12, None, True]


async def test_what_is_known_of_the_run_outlives_a_continuation(steps: Steps) -> None:
    steps.write("""
      - set: {before: ["${workflow.run_id}", "${workflow.start_time}"]}
      - {activity: number, with: {value: 1}}
      - return: ["${before}", ["${workflow.run_id}", "${workflow.start_time}"]]
    """)
    async with steps.working(is_time_to_stop=lambda: True):
        handle = await steps.launch()
        before, after = (await outcome(handle))["result"]
        assert before == after
        assert len(await histories(steps.client, handle)) == 3


async def test_a_missing_function_neither_cleans_up_nor_cancels(steps: Steps) -> None:
    """The task fails, and a worker that has the function goes on as if nothing had been."""
    steps.write("""
      - try:
          - sleep: 50ms
          - parallel:
              one: [{activity: echo, with: {value: "${workflow.id + ' one'}"}}]
              two: [{activity: number, with: {value: 1}, as: two}]
          - return: ${two}
        finally:
          - {activity: slow, with: {value: "${workflow.id + ' finally'}", seconds: 0.0}}
    """)
    from dataclasses import replace

    from tests.server.inprocess import working
    from tqrun.plan.registry import Registry

    service = Registry(steps._file).services([steps.queue])[0]  # noqa: SLF001
    lacking = replace(
        service, activities={k: v for k, v in service.activities.items() if k != "number"}
    )
    name = f"{steps.queue}-main-1"
    async with working(steps.client, lacking):
        handle = await steps.launch()
        async with asyncio.timeout(20):
            while not await task_failures(handle):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
    assert [call for call in CALLS if call.startswith(name)] == []
    async with working(steps.client, service):
        assert await outcome(handle) == {"result": 1}
    assert [call for call in CALLS if call.startswith(name)] == [f"{name} one", f"{name} finally"]


async def test_three_days_pass_at_once_on_a_clock_that_skips(
    steps: Steps, time_skipping: TimeSkipper
) -> None:
    steps.write("""
      signals: {go: {}}
      steps:
        - set: {begun: "${now()}"}
        - sleep: 3d
        - wait_for: go
          timeout: 1h
        - return: ${string(timestamp(now()) - timestamp(begun))}
    """)
    async with steps.working():
        handle = await steps.launch(on=time_skipping.client)
        found = await outcome(handle)
    assert int(str(found["result"]).partition(".")[0].removesuffix("s")) == 73 * 3600


DEBOUNCED = """
  debounce: {window: 1s}
  signals: {note: {text: string}}
  steps:
    - {activity: echo, with: {value: "${workflow.id + ' ' + word}"}}
    - {wait_for: note, timeout: 0s, as: note}
    - {activity: slow, with: {value: "${workflow.id + ' slow'}", seconds: 0.3}}
    - {wait_for: note, timeout: 20s, as: other}
    - return: ["${word}", "${note}", "${other}"]
  input: {word: string}
"""


@BOTH
async def test_a_debounced_run_keeps_launches_and_signals(steps: Steps, continued: bool) -> None:
    steps.write(DEBOUNCED.replace('workflow_id: "', 'workflow_id: "'))
    name = f"{steps.queue}-main-1"
    async with steps.working(is_time_to_stop=(lambda: True) if continued else None):
        handle = await steps.launch(word="first")
        await steps.launch(word="second")
        await eventually(lambda: f"{name} second" in CALLS)
        await steps.launch(word="third")
        for text in ("a", "b", "c"):
            await handle.signal("note", {"text": text})
        found = await outcome(handle)
    words = [call for call in CALLS if call.startswith(name) and not call.endswith("slow")]
    assert words == [f"{name} second", f"{name} third"]
    assert found["result"][0] == "third"
    assert {"text": "c"} in found["result"]


async def test_a_fan_out_of_many_large_calls_stays_within_the_servers_limits(
    steps: Steps,
) -> None:
    """400 calls with 12 KB each, which together are more than one message may have."""
    steps.write("""
      - {activity: large, with: {size: 12000}, as: text}
      - foreach: ${range(400)}
        item: index
        max_concurrent: 400
        collect: ${found}
        as: all
        steps:
          - {activity: length, with: {text: "${text}"}, as: found}
      - return: ${sum(all)}
    """)
    async with steps.working():
        handle = await steps.launch()
        assert await outcome(handle, within=120) == {"result": 400 * 12_000}
        assert await task_failures(handle) == []


async def test_what_the_server_would_not_take_is_an_error_of_the_run(steps: Steps) -> None:
    """Else the workflow task fails for ever."""
    steps.write(
        """
      - set: {seen: []}
      - {activity: large, with: {size: 900000}, as: text}
      - try:
          - {activity: echo, with: {value: "${text + text + text}"}}
        catch:
          - as: error
            steps:
              - set: {seen: "${seen + [error.type, error.message]}"}
      - try:
          - {workflow: child, with: {word: a, more: "${text + text + text}"}}
        catch:
          - as: error
            steps:
              - set: {seen: "${seen + [error.type, error.message]}"}
      - try:
          - {workflow: child, with: {word: "${text.substring(0, 1000)}"}}
        catch:
          - as: error
            steps:
              - set: {seen: "${seen + [error.type]}"}
      - try:
          - return: ${text + text + text}
        catch:
          - as: error
            steps:
              - set: {seen: "${seen + [error.type, error.message]}"}
      - return: ${seen}
    """,
        child="""
      workflow_id: child-${id}-${word}
      input: {word: string, more: {type: string, default: ""}}
      steps: [{return: "${word}"}]
    """,
    )

    def told(what: str) -> list[str]:
        text = f"{what} has 2.7 MB, Temporal's limit is 2 MB; store it and give where it is"
        return ["payload_too_large", text]

    seen = [*told("what echo takes"), *told(f"the input of {steps.queue}.child")]
    seen += ["expression", *told("what the run returns")]
    assert await steps.outcome() == {"result": seen}


async def test_numbers_are_what_is_declared_wherever_they_come_from(steps: Steps) -> None:
    steps.write(
        """
      input: {given: {type: object, required: [price], properties: {price: {type: number}}}}
      signals: {pay: {amount: number, parts: {type: array, items: {type: number}}}}
      steps:
        - {activity: rate, as: result}
        - {wait_for: pay, as: paid}
        - {workflow: child, with: {value: 3}, as: half}
        - return:
            - ${given.price / 2.0}
            - ${result.rate / 2.0}
            - ${result.others.map(one, one / 2.0)}
            - ${paid.amount / 2.0}
            - ${paid.parts[0] / 2.0}
            - ${half}
    """,
        child="""
      input: {value: number}
      steps: [{return: "${value / 2.0}"}]
    """,
    )
    async with steps.working():
        handle = await steps.launch(given={"price": 3})
        await handle.signal("pay", {"amount": 3, "parts": [3]})
        assert await outcome(handle) == {"result": [1.5, 1.5, [1.5], 1.5, 1.5, 1.5]}


async def test_null_is_null_in_every_text(steps: Steps) -> None:
    steps.write("""
      input: {note: "string?"}
      steps:
        - fail: {message: "${note}", type: "${note}"}
    """)
    assert await steps.outcome() == {"error": "null", "message": "null"}


async def test_what_is_no_json_is_an_error_of_the_run(steps: Steps) -> None:
    steps.write("""
      input: {page: object}
      steps:
        - set: {next: "${page.?next}"}
        - return: ["${next}", "${page.?last}", "${dyn([page.?last])}"]
    """)
    problem = "${dyn([page.?last])}: an optional is no value; write .orValue(…) after it"
    found = await steps.outcome(page={"next": 3})
    assert found == {"error": "expression", "message": problem}


ITEMS = 10_000 if os.environ.get("TQRUN_PROGRAMS", "25") != "25" else 300


async def test_a_long_fan_out_is_continued_before_its_history_is_too_long(steps: Steps) -> None:
    steps.write("""
      input: {count: integer}
      steps:
        - foreach: ${range(count)}
          item: one
          max_concurrent: 50
          collect: ${found}
          as: all
          steps:
            - {activity: number, with: {value: "${one}"}, as: found}
        - return: ["${size(all)}", "${sum(all)}"]
    """)
    stop = None
    if ITEMS == 300:
        stop = lambda: workflow.info().get_current_history_length() > 200  # noqa: E731
    async with steps.working(is_time_to_stop=stop):
        handle = await steps.launch(count=ITEMS)
        found = await outcome(handle, within=1200)
        assert found == {"result": [ITEMS, ITEMS * (ITEMS - 1) // 2]}
        chain = await histories(steps.client, handle)
    print([len(one.events) for one in chain])
    assert len(chain) > 1
    assert [text for one in chain for text in failures_in(one)] == []


async def test_waiting_calls_are_admitted_one_by_one(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More items at once than calls may be in flight, or be sent in one workflow task."""
    monkeypatch.setattr(calls, "MAX_IN_FLIGHT", 20)
    monkeypatch.setattr(calls, "MAX_TASK_CALLS", 8)
    steps.write("""
      - foreach: ${range(60)}
        item: one
        max_concurrent: 60
        collect: ${found}
        as: all
        steps:
          - {activity: number, with: {value: "${one}"}, as: found}
      - return: ${sum(all)}
    """)
    async with steps.working():
        handle = await steps.launch()
        assert await outcome(handle) == {"result": 59 * 30}
        events = (await handle.fetch_history()).events
    pending, most, timers, in_task, most_in_task = 0, 0, 0, 0, 0
    for event in events:
        kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        pending += (kind == "ACTIVITY_TASK_SCHEDULED") - (kind == "ACTIVITY_TASK_COMPLETED")
        timers += kind == "TIMER_STARTED"
        in_task = 0 if kind == "WORKFLOW_TASK_COMPLETED" else in_task
        in_task += kind == "ACTIVITY_TASK_SCHEDULED"
        most, most_in_task = max(most, pending), max(most_in_task, in_task)
    assert most <= 20
    assert most_in_task == 8
    assert timers < 10
