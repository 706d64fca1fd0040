"""What is in force: an entry's own options, then the file's defaults."""

from __future__ import annotations

from datetime import timedelta

from tqrun.config import resolve
from tqrun.config.load import examine
from tqrun.config.model import QueuesFile
from tqrun.config.source import read

TEXT = """\
namespace: shop
activities_package: jobs
defaults:
  queue: {max_concurrent_activities: 7}
  workflow: {execution_timeout: 1d}
  activity: {start_to_close_timeout: 5m, retry_policy: careful}
retry_policies:
  careful: {maximum_attempts: 3}
queues:
  two_words:
    version: 2
    workflow_id: a
    max_cached_workflows: 5
    activities:
      f: {start_to_close_timeout: 1m}
      g: {retry_policy: {maximum_attempts: 9}, function: "other:g"}
  many:
    version: 1
    namespace: own
    max_concurrent_activities: 1
    workflows:
      v: {workflow_id: v, execution_timeout: 2d, steps: [h]}
      w: {workflow_id: w, steps: [h, i]}
    activities:
      h: {}
      i: {queue: serving}
  serving:
    version: 1
    activities:
      i: {}
"""


def file() -> QueuesFile:
    loaded = examine(read("queues.yaml", TEXT))
    assert loaded.findings == ()
    assert loaded.file is not None
    return loaded.file


def test_an_activity_takes_the_default_only_where_it_gives_nothing() -> None:
    activities = file().queues["two_words"].activities
    own = resolve.activity_options(file(), activities["f"])
    assert own.start_to_close_timeout == timedelta(minutes=1)
    assert own.retry_policy == "careful"
    assert resolve.activity_options(file(), activities["g"]).start_to_close_timeout == timedelta(
        minutes=5
    )


def test_a_named_retry_policy_is_looked_up_and_one_in_place_is_taken() -> None:
    activities = file().queues["two_words"].activities
    attempts = [
        policy.maximum_attempts
        for activity in activities.values()
        if (policy := resolve.retry_policy(file(), resolve.activity_options(file(), activity)))
    ]
    assert attempts == [3, 9]


def test_worker_and_start_options_have_defaults_too() -> None:
    queues = file().queues
    options = resolve.worker_options(file(), queues["two_words"])
    assert (options.max_concurrent_activities, options.max_cached_workflows) == (7, 5)
    assert resolve.worker_options(file(), queues["many"]).max_concurrent_activities == 1
    timeouts = [
        resolve.workflow_options(file(), workflow).execution_timeout
        for workflow in resolve.workflows("many", queues["many"]).values()
    ]
    assert timeouts == [timedelta(days=2), timedelta(days=1)]


def test_a_queue_has_one_workflow_in_place_or_several_or_none() -> None:
    found = {name: list(resolve.workflows(name, queue)) for name, queue in file().queues.items()}
    assert found == {"two_words": ["two_words"], "many": ["v", "w"], "serving": []}


def test_names_that_the_file_does_not_give_follow_from_the_queue() -> None:
    assert resolve.default_task_queue("two_words") == "two-words-v${version}"
    assert resolve.function_path(file(), "two_words", "f") == "jobs.two_words:f"
    assert resolve.function_path(file(), "two_words", "g") == "other:g"
    namespaces = [resolve.namespace(file(), queue) for queue in file().queues.values()]
    assert namespaces == ["shop", "own", "shop"]
