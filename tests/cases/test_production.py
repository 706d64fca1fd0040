"""The queues of a whole system in production, each on its normal path and on its interesting one.

Their numbers are those of the list that the language is measured by.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.server.project import Project
from tqrun.testing import Call, Queues, Run, Timer

PRODUCTION = Path(__file__).parent / "production"
FILES = sorted(PRODUCTION.glob("*.yaml"))
LONGEST = 60
"""Lines of a workflow that a reviewer still likes to read."""

MESSAGE = {"workspace_id": "W", "conversation_id": "C", "message_id": "M"}


def system(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("queues_file", [name], indirect=True)


agents, billing, conversations = system("agents"), system("billing"), system("conversations")
relocation, search, workspaces = system("relocation"), system("search"), system("workspaces")


@pytest.fixture
def queues_file(request: pytest.FixtureRequest) -> Path:
    return PRODUCTION / f"{request.param}.yaml"


def names(run: Run) -> list[str]:
    return [call.activity for call in run.calls]


def lasted(run: Run) -> timedelta:
    events = run.events
    return events[-1].time - events[0].time


def error_of(run: Run) -> tuple[str, int]:
    """What a run failed with, after how many calls."""
    assert run.error is not None
    return run.error.type, len(run.calls)


# The files


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_has_no_findings(file: Path) -> None:
    done = Project(PRODUCTION, "127.0.0.1:1").tqrun("check", "--strict", file.name)
    assert (done.returncode, done.stdout) == (0, done.stdout), done.stdout


def lengths() -> Iterator[tuple[str, int]]:
    """The lines of each workflow; one that has its queue to itself takes all of the queue's."""
    for file in FILES:
        indent, several, found = 2, False, dict[str, int]()
        for line in file.read_text().partition("\nqueues:\n")[2].splitlines():
            depth = len(line) - len(line.lstrip())
            if depth == 2 and line.strip():
                indent, several, name = 2, False, line.strip(" :")
                found[name] = 0
            elif line == "    workflows:":
                indent, several = 6, True
                del found[name]
            elif depth == 0 and line:
                break
            elif several and depth == indent:
                name = line.strip(" :")
                found[name] = 0
            if name in found:
                found[name] += bool(line.strip())
        yield from found.items()


def test_there_are_26_workflows_and_each_fits_one_screen() -> None:
    found = list(lengths())
    assert len(found) == 26
    assert [one for one in found if one[1] >= LONGEST] == []


# 1, 2, 8, 16, 26: what follows a message


@conversations
def test_1_store_analytics(queues: Queues) -> None:
    queues.fake("store_analytics")
    run = queues.run("analytics_queue.store_analytics", **MESSAGE)
    assert run.calls == [Call("store_analytics", MESSAGE)]
    assert run.workflow_id == "agent-message-analytics-W-C-M"
    assert run.memo == {"workspace_id": "W", "conversation_id": "C"}
    shown = run.events[0].attributes["searchAttributes"]["indexedFields"]
    assert sorted(shown) == ["conversation_id", "workspace_id"]


@conversations
def test_1_store_analytics_is_best_effort(queues: Queues) -> None:
    queues.fake("store_analytics", fails=[OSError("down")] * 2)
    run = queues.run("analytics_queue.store_analytics", **MESSAGE)
    assert error_of(run) == ("OSError", 2)
    assert lasted(run) >= timedelta(seconds=30)


@conversations
def test_2_handle_mentions(queues: Queues) -> None:
    queues.real("handle_mentions")
    assert queues.run("mentions_queue", **MESSAGE).result == 1


@conversations
def test_2_handle_mentions_tries_twice(queues: Queues) -> None:
    queues.fake("handle_mentions", fails=[OSError("down")] * 2)
    assert error_of(queues.run("mentions_queue", **MESSAGE)) == ("OSError", 2)


@conversations
def test_8_unread_notification_waits(queues: Queues) -> None:
    queues.fake("notify_unread", returns=True)
    run = queues.start("notifications_queue", **MESSAGE)
    run.skip("29s")
    assert run.calls == []
    assert run.result is True
    assert run.timers == [Timer(timedelta(seconds=30), fired=True)]


@conversations
def test_8_unread_notification_can_be_cancelled(queues: Queues) -> None:
    run = queues.start("notifications_queue", **MESSAGE)
    run.cancel()
    assert error_of(run) == ("cancelled", 0)


EXPORT: dict[str, Any] = {
    "workspace_id": "W",
    "period": {"from": "2026-01", "to": "2026-03"},
    "filter": {"users": ["U"]},
    "export_id": "E1",
}


@conversations
def test_16_consumption_export(queues: Queues) -> None:
    queues.real("export_consumption")
    run = queues.run("analytics_queue.consumption_export", **EXPORT)
    assert run.result == "exports/W/E1.csv"


@conversations
def test_16_a_second_export_is_told_the_parameters_of_the_first(queues: Queues) -> None:
    asked = []

    def export(export_id: str) -> str:
        second = queues.start("analytics_queue.consumption_export", **{**EXPORT, "export_id": "E2"})
        asked.append((second.status, second.query("parameters")))
        return export_id

    queues.fake("export_consumption", export)
    assert queues.run("analytics_queue.consumption_export", **EXPORT).result == "E1"
    parameters = {name: EXPORT[name] for name in ("period", "filter", "export_id")}
    assert asked == [("already_running", parameters)]


FORK = {"workspace_id": "W", "source_id": "S", "dest_id": "D"}


@conversations
def test_26_conversation_fork(queues: Queues) -> None:
    queues.fake("fork_conversation")
    run = queues.run("conversation_fork_queue", **FORK, at=7)
    assert run.calls == [Call("fork_conversation", {**FORK, "at": 7})]
    assert run.memo == FORK


@conversations
def test_26_conversation_fork_waits_longer_each_time(queues: Queues) -> None:
    queues.fake("fork_conversation", fails=[OSError("down")] * 3)
    run = queues.run("conversation_fork_queue", **FORK)
    assert error_of(run) == ("OSError", 3)
    assert lasted(run) >= timedelta(seconds=5 + 10)


# 3, 4, 5, 15, 24: what is used and what it costs

ALERT: dict[str, Any] = {"workspace_id": "W", "threshold_key": "80", "total": 100, "consumed": 81}


@billing
def test_3_credit_alert_is_sent_once(queues: Queues) -> None:
    queues.real("send_alert")
    assert queues.run("credit_alerts", **ALERT).result == 19
    assert queues.start("credit_alerts", **ALERT).status == "already_finished"


@billing
def test_3_credit_alert_is_sent_again_after_a_failure(queues: Queues) -> None:
    queues.fake("send_alert", returns=19, fails=[OSError("down")] * 3)
    assert queues.run("credit_alerts", **ALERT).error is not None
    again = queues.run("credit_alerts", **ALERT)
    assert (again.status, again.result) == ("started", 19)


@billing
def test_4_reconcile_credit_states_many_launches_are_one_run(queues: Queues) -> None:
    runs: list[Run] = []

    def reconcile() -> None:
        again = [queues.start("metronome_events_queue.reconcile_credit_states", workspace_id="W")]
        runs.extend(again * 2)

    queues.fake("reconcile_credit_states", reconcile)
    run = queues.run("metronome_events_queue.reconcile_credit_states", workspace_id="W")
    assert run.result is None
    assert names(run) == ["reconcile_credit_states"]
    assert {one.run_id for one in runs} == {run.run_id}


@billing
def test_5_clean_invoice_begins_a_minute_later(queues: Queues) -> None:
    queues.fake("clean_invoice")
    invoice = {"invoice_id": "I", "workspace_id": "W"}
    run = queues.run("metronome_events_queue.clean_invoice", **invoice)
    assert run.result is None
    assert timedelta(seconds=60) <= lasted(run) < timedelta(seconds=70)
    assert queues.start("metronome_events_queue.clean_invoice", **invoice).status == (
        "already_finished"
    )


@billing
def test_5_clean_invoice_again_after_a_failure(queues: Queues) -> None:
    queues.fake("clean_invoice", fails=[OSError("down")] * 5)
    invoice = {"invoice_id": "I", "workspace_id": "W"}
    assert queues.run("metronome_events_queue.clean_invoice", **invoice).error is not None
    assert queues.run("metronome_events_queue.clean_invoice", **invoice).status == "started"


@billing
def test_15_reconcile_api_key_has_a_fixed_window(queues: Queues) -> None:
    queues.fake("reconcile_api_key", returns="W/1")
    first = queues.start("usage_queue.reconcile_api_key", workspace_id="W", key_id=1)
    first.skip("3s")
    again = queues.start("usage_queue.reconcile_api_key", workspace_id="W", key_id=1)
    assert again.status == "joined"
    assert first.result == "W/1"
    assert names(first) == ["reconcile_api_key"]
    assert lasted(first) < timedelta(seconds=7)


@billing
def test_15_reconcile_api_key_once_more_for_a_launch_during_the_work(queues: Queues) -> None:
    def reconcile() -> str:
        if len(queues.calls) == 1:
            queues.start("usage_queue.reconcile_api_key", workspace_id="W", key_id=1)
        return f"round {len(queues.calls)}"

    queues.fake("reconcile_api_key", reconcile)
    run = queues.run("usage_queue.reconcile_api_key", workspace_id="W", key_id=1)
    assert (run.result, len(run.calls)) == ("round 2", 2)


@billing
def test_24_track_usage(queues: Queues) -> None:
    queues.fake("track_usage")
    run = queues.run("usage_queue.track_usage", **MESSAGE, run_key="R")
    assert run.calls == [Call("track_usage", {**MESSAGE, "run_key": "R"})]


@billing
def test_24_track_usage_gives_up_after_five_slow_attempts(queues: Queues) -> None:
    queues.fake("track_usage", delays="6m")
    run = queues.run("usage_queue.track_usage", **MESSAGE, run_key="R")
    assert error_of(run) == ("timeout", 5)
    in_all = timedelta(minutes=5 * 5, seconds=10 + 20 + 40 + 80)
    assert in_all <= lasted(run) < in_all + timedelta(seconds=10)


# 14, 18, 23: search


@search
def test_14_index_user_search_waits_for_the_last_launch(queues: Queues) -> None:
    queues.real("index_user_search")
    first = queues.start("es_indexation.index_user_search", user_id="U")
    again = queues.start("es_indexation.index_user_search", user_id="U")
    assert (first.status, again.status, again.run_id) == ("started", "joined", first.run_id)
    assert (first.result, len(first.calls)) == ("U", 1)


@search
def test_14_index_user_search_once_more_for_a_launch_during_the_work(queues: Queues) -> None:
    def index() -> str:
        if len(queues.calls) == 1:
            queues.start("es_indexation.index_user_search", user_id="U")
        return f"round {len(queues.calls)}"

    queues.fake("index_user_search", index)
    run = queues.run("es_indexation.index_user_search", user_id="U")
    assert (run.result, len(run.calls)) == ("round 2", 2)


@search
def test_18_refresh_search_usage_one_after_the_other(queues: Queues) -> None:
    queues.fake("list_workspaces", returns=["w1", "w2", "w3"])
    queues.fake("refresh_usage", delays="9m")
    run = queues.run("es_indexation.refresh_search_usage")
    assert run.calls[1:] == [Call("refresh_usage", {"workspace_id": f"w{n}"}) for n in (1, 2, 3)]
    assert lasted(run) >= timedelta(minutes=27)


@search
def test_18_refresh_search_usage_with_nothing_to_refresh(queues: Queues) -> None:
    queues.fake("list_workspaces", returns=[])
    assert names(queues.run("es_indexation.refresh_search_usage")) == ["list_workspaces"]


DOCUMENT = {"workspace_id": "W", "data_source_id": "D", "upsert_id": "U"}


@search
def test_23_upsert_document_in_the_end(queues: Queues) -> None:
    queues.fake("upsert_document", fails=[OSError("down")] * 9)
    run = queues.run("upsert_queue", **DOCUMENT)
    assert (run.error, len(run.calls)) == (None, 10)


@search
def test_23_upsert_document_that_has_no_text_is_not_tried_again(queues: Queues) -> None:
    queues.real("upsert_document")
    run = queues.run("upsert_queue", **{**DOCUMENT, "upsert_id": "binary"})
    assert error_of(run) == ("CannotTokenise", 1)


# 12, 13, 17, 25: agents

COMPACTION = {"workspace_id": "W", "conversation_id": "C", "model": "small"}


@agents
def test_12_compaction(queues: Queues) -> None:
    queues.fake("compact_conversation")
    assert names(queues.run("compaction", **COMPACTION)) == ["compact_conversation"]


@agents
def test_12_compaction_cleans_up_and_ends_normally(queues: Queues) -> None:
    queues.fake("compact_conversation", delays="30m")
    queues.fake("clean_up_compaction", returns=None)
    run = queues.run("compaction", **COMPACTION)
    assert run.error is None
    assert names(run) == ["compact_conversation", "clean_up_compaction"]


@agents
def test_12_compaction_that_is_running_is_an_outcome(queues: Queues) -> None:
    again = []
    queues.fake(
        "compact_conversation", lambda: again.append(queues.start("compaction", **COMPACTION))
    )
    run = queues.run("compaction", **COMPACTION)
    assert run.error is None
    assert [one.status for one in again] == ["already_running"]


INVOCATION = {"workspace_id": "W", "function_id": "F", "invocation_id": "I"}


@agents
def test_13_sandbox_invocation(queues: Queues) -> None:
    queues.real("invoke_function")
    run = queues.run("sandbox_functions", **INVOCATION)
    assert run.result == {"output": "F of W: I"}


@agents
def test_13_sandbox_invocation_is_marked_and_fails_with_the_same_error(queues: Queues) -> None:
    queues.fake("invoke_function", fails=[MemoryError("too much")])
    queues.fake("mark_failed", fails=[OSError("down")])
    run = queues.run("sandbox_functions", **INVOCATION)
    assert run.error is not None
    assert (run.error.type, run.error.activity) == ("MemoryError", "invoke_function")
    assert names(run) == ["invoke_function", "mark_failed", "mark_failed"]


@agents
def test_17_archive_inactive_agents_ten_at_a_time(queues: Queues) -> None:
    queues.fake("list_workspaces", returns=[f"w{number}" for number in range(25)])
    queues.fake("archive_agents", returns=1, delays="1m")
    run = queues.run("agent_inactivity")
    assert run.result == [1] * 25
    assert timedelta(minutes=3) <= lasted(run) < timedelta(minutes=3, seconds=30)


@agents
def test_17_archive_inactive_agents_goes_on_after_a_failure(queues: Queues) -> None:
    def archive(workspace_id: str) -> int:
        if workspace_id == "w2":
            raise OSError("down")
        return int(workspace_id[1:])

    queues.fake("list_workspaces", returns=["w1", "w2", "w3"])
    queues.fake("archive_agents", archive)
    run = queues.run("agent_inactivity")
    assert run.result == [1, 3]
    assert [call.attempt for call in run.calls] == [1, 1, 1, 2, 3, 1]


@agents
@pytest.mark.parametrize("lane", ["interactive", "programmatic", "batch", "schedules"])
def test_25_agent_loop_in_every_lane(queues: Queues, lane: str) -> None:
    queues.real("run_step", "finalise")
    run = queues.run("agent_loop", **MESSAGE, lane=lane)
    assert run.task_queue == f"agent-loop-{lane}-queue-v2"
    assert run.result == {"steps": 3, "stopped": False}
    assert run.calls[-1] == Call("finalise", {"message_id": "M"})


@agents
def test_25_agent_loop_finalises_when_it_is_stopped(queues: Queues) -> None:
    running: Future[Run] = Future()

    def step(number: int) -> bool:
        if number == 1:
            running.result(timeout=60).signal("stop")
        return True

    queues.fake("run_step", step)
    queues.real("finalise")
    run = queues.start("agent_loop", **MESSAGE, lane="batch")
    running.set_result(run)
    assert run.result["stopped"] is True
    assert names(run)[-1] == "finalise"


# 6, 7, 9, 10, 11, 22: workspaces


@workspaces
def test_6_purge_executions(queues: Queues) -> None:
    queues.real("purge_executions")
    assert queues.run("hard_delete").result == 12


@workspaces
def test_6_purge_executions_has_an_hour(queues: Queues) -> None:
    queues.fake("purge_executions", returns=1, delays="59m")
    run = queues.run("hard_delete")
    assert (run.result, len(run.calls)) == (1, 1)


@workspaces
def test_7_invitation_reminders_until_there_are_no_more(queues: Queues) -> None:
    queues.fake("send_reminders", lambda: len(queues.calls) < 3)
    run = queues.run("invitations")
    assert (run.error, len(run.calls)) == (None, 3)


@workspaces
def test_7_invitation_reminders_goes_on_after_a_failure(queues: Queues) -> None:
    queues.fake("send_reminders", returns=False, fails=[OSError("down")])
    run = queues.run("invitations")
    assert (run.error, [call.attempt for call in run.calls]) == (None, [1, 2])


PARTS = (
    *("conversations", "agents", "runs", "apps", "trackers", "data_sources", "tables", "spaces"),
    *("triggers", "webhooks", "members", "invitations", "keys", "credits", "subscription"),
    "workspace",
)


@workspaces
def test_9_delete_workspace_in_strict_order(queues: Queues) -> None:
    queues.real("is_deletable", "is_active", *(f"delete_{part}" for part in PARTS))
    run = queues.run("poke", workspace_id="W")
    assert (run.error, run.task_queue, run.workflow_id) == (None, "poke-queue", "poke-W-delete")
    assert names(run) == ["is_deletable", "is_active", *(f"delete_{part}" for part in PARTS)]
    sources = {"workspace_id": "W", "delete_data_sources": True}
    assert Call("delete_data_sources", sources) in run.calls


@workspaces
@pytest.mark.parametrize(
    ("deletable", "active", "result", "calls"),
    [(False, False, "not deletable", 1), (True, True, "still active", 2)],
)
def test_9_delete_workspace_ends_early(
    queues: Queues, deletable: bool, active: bool, result: str, calls: int
) -> None:
    queues.fake("is_deletable", returns=deletable)
    queues.fake("is_active", returns=active)
    run = queues.run("poke", workspace_id="W")
    assert (run.result, len(run.calls)) == (result, calls)


@pytest.fixture
def scrub(queues: Queues) -> Queues:
    queues.fake("should_scrub", returns=True)
    queues.real("retention_days", "pause_connectors", "pause_triggers", "mail_admins", "scrub")
    return queues


@workspaces
def test_10_workspace_scrub(scrub: Queues) -> None:
    run = scrub.run("scrub_workspace.workspace_scrub", workspace_id="W")
    assert run.result is True
    assert run.timers == [Timer(timedelta(days=12), True), Timer(timedelta(days=3), True)]
    mails = [call.arguments["days_left"] for call in run.calls if call.activity == "mail_admins"]
    assert mails == [15, 3]
    assert names(run)[-2:] == ["should_scrub", "scrub"]


@workspaces
@pytest.mark.parametrize("guard", [1, 2, 3])
def test_10_workspace_scrub_ends_at_every_guard(scrub: Queues, guard: int) -> None:
    asked: list[str] = []

    def should_scrub(workspace_id: str) -> bool:
        asked.append(workspace_id)
        return len(asked) < guard

    scrub.fake("should_scrub", should_scrub)
    run = scrub.run("scrub_workspace.workspace_scrub", workspace_id="W")
    assert (run.result, len(asked)) == (False, guard)
    assert "scrub" not in names(run)
    assert len(run.timers) == guard - 1


@workspaces
def test_10_workspace_scrub_can_be_terminated(scrub: Queues) -> None:
    run = scrub.start("scrub_workspace.workspace_scrub", workspace_id="W")
    run.skip("11d")
    run.terminate("subscribed again")
    assert run.error is not None
    assert "scrub" not in names(run)


@workspaces
def test_11_downgrade_and_scrub_starts_a_child_each(scrub: Queues) -> None:
    scrub.fake("list_ended_workspaces", returns=["w1", "w2"])
    run = scrub.run("scrub_workspace.downgrade_and_scrub")
    assert run.error is None
    events = run.events
    today = events[0].time.date()
    started = [one for one in events if one.type == "StartChildWorkflowExecutionInitiated"]
    assert [one.attributes["workflowId"] for one in started] == [
        f"schedule-workspace-scrub-{name}-{today}" for name in ("w1", "w2")
    ]
    assert {one.attributes["parentClosePolicy"] for one in started} == {
        "PARENT_CLOSE_POLICY_ABANDON"
    }


@workspaces
def test_11_downgrade_and_scrub_skips_what_is_started_already(scrub: Queues) -> None:
    scrub.fake("list_ended_workspaces", returns=["w1", "w1"])
    run = scrub.run("scrub_workspace.downgrade_and_scrub")
    assert run.error is None
    refused = [one for one in run.events if one.type == "StartChildWorkflowExecutionFailed"]
    assert len(refused) == 1


@workspaces
def test_22_data_retention_in_chunks(queues: Queues) -> None:
    queues.real("list_workspaces", "purge_conversations", "list_agents", "purge_agent")
    run = queues.run("data_retention")
    chunks = [["w0", "w1", "w2", "w3"], ["w4", "w5", "w6", "w7"], ["w8", "w9"]]
    assert run.calls == [
        Call("list_workspaces", {}),
        *(Call("purge_conversations", {"workspace_ids": chunk}) for chunk in chunks),
        Call("list_agents", {}),
        *(Call("purge_agent", {"agent_id": agent}) for agent in ("a1", "a2")),
    ]


@workspaces
def test_22_data_retention_goes_on_after_a_slow_purge(queues: Queues) -> None:
    queues.fake("list_workspaces", returns=[])
    queues.fake("list_agents", returns=["a1"])
    queues.fake("purge_agent", fails=[TimeoutError("slow")], delays="29m")
    run = queues.run("data_retention")
    assert (run.error, [call.attempt for call in run.calls]) == (None, [1, 1, 1, 2])


# 19, 20, 21: relocation

MOVE = {"source_cell": "eu", "dest_cell": "us", "workspace_id": "W"}


@relocation
def test_19_relocate_table_reads_and_writes_in_the_two_cells(queues: Queues) -> None:
    queues.real("read_page", "write_page")
    run = queues.run("relocation.relocate_table", **MOVE, table="agents")
    assert run.error is None
    assert [(call.activity, call.task_queue) for call in run.calls] == [
        ("read_page", "relocation-queue-eu-v2"),
        ("write_page", "relocation-queue-us-v2"),
    ] * 3
    reads = [call.arguments for call in run.calls if call.activity == "read_page"]
    assert [(one["last_id"], one["page_size"]) for one in reads] == [
        (None, 3000),
        (10, 1500),
        (20, 750),
    ]


@relocation
def test_19_relocate_table_writes_no_empty_page(queues: Queues) -> None:
    empty: dict[str, Any] = {"rows": [], "last_id": None, "next_page_size": 3000, "has_more": False}
    queues.fake("read_page", returns=empty)
    run = queues.run("relocation.relocate_table", **MOVE, table="agents")
    assert (run.error, names(run)) == (None, ["read_page"])


@relocation
def test_19_relocate_table_goes_on_in_a_new_run_when_its_history_is_long(queues: Queues) -> None:
    pages, written = 400, []

    def read(last_id: int | None) -> dict[str, Any]:
        number = (last_id or 0) + 1
        rows = [{"id": number}]
        more = number < pages
        return {"rows": rows, "last_id": number, "next_page_size": 3000, "has_more": more}

    queues.fake("read_page", read)
    queues.fake("write_page", lambda rows: written.append(rows[0]["id"]))
    run = queues.run("relocation.relocate_table", **MOVE, table="agents")
    assert run.error is None
    assert written == list(range(1, pages + 1))
    assert "WorkflowExecutionContinuedAsNew" in [one.type for one in run.events]


@relocation
def test_20_relocate_workspace(queues: Queues) -> None:
    queues.real("read_page", "write_page", "start_transfer", "transfer_status")
    run = queues.run("relocation.relocate_workspace", **MOVE)
    assert run.error is None
    events = run.events
    started = [one for one in events if one.type == "StartChildWorkflowExecutionInitiated"]
    assert [one.attributes["workflowId"] for one in started] == [
        "relocate-storage-W",
        "relocate-table-W-conversations",
        "relocate-table-W-agents",
        "relocate-table-W-workspace",
    ]
    assert [sorted(one.attributes["memo"]["fields"]) for one in started[:2]] == [
        ["workspace_id"],
        ["table", "workspace_id"],
    ]
    assert all(one.attributes["searchAttributes"]["indexedFields"] for one in started)


@relocation
def test_20_relocate_workspace_stops_at_a_child_that_fails(queues: Queues) -> None:
    class Full(Exception):
        non_retryable = True

    queues.real("read_page", "write_page")
    queues.fake("start_transfer", fails=[Full("no room")])
    run = queues.run("relocation.relocate_workspace", **MOVE)
    assert error_of(run)[0] == "Full"
    assert "relocate-table-W-agents" not in {call.workflow_id for call in run.calls}


@relocation
def test_21_relocate_storage_waits_twice_as_long_each_time(queues: Queues) -> None:
    polls: list[int] = []

    def status() -> str:
        polls.append(1)
        return "done" if len(polls) == 9 else "running"

    queues.real("start_transfer")
    queues.fake("transfer_status", status)
    run = queues.run("relocation.relocate_storage", **MOVE)
    assert run.error is None
    waits = [timer.duration.total_seconds() for timer in run.timers]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@relocation
def test_21_relocate_storage_asks_again_after_an_error(queues: Queues) -> None:
    queues.real("start_transfer")
    queues.fake("transfer_status", returns="done", fails=[OSError("down")] * 2)
    run = queues.run("relocation.relocate_storage", **MOVE)
    assert (run.error, [call.attempt for call in run.calls]) == (None, [1, 1, 2, 3])
