"""Projects of any number of queues, two activities each, ten queues to a module."""

from __future__ import annotations

from pathlib import Path

QUEUES_PER_MODULE = 10

_HEAD = """\
retry_policies:
  best_effort: {initial_interval: 5s, maximum_interval: 5m}
queues:
"""
_QUEUE = """\
  queue_{number:04}:
    description: Makes one entity ready for search
    version: 1
    workflow_id: queue-{number:04}-${{entity_id}}
    input:
      entity_id: {{type: string, maxLength: 100}}
      workspace_id: integer
    memo: [entity_id, workspace_id]
    max_concurrent_activities: 16
    activities:
      fetch_{number:04}:
        function: activities.module_{module:03}:fetch_{number:04}
        start_to_close_timeout: 5m
        retry_policy: {{maximum_attempts: 3, initial_interval: 1s}}
      store_{number:04}:
        function: activities.module_{module:03}:store_{number:04}
        start_to_close_timeout: 10m
        heartbeat_timeout: 30s
        retry_policy: best_effort
"""
_FUNCTIONS = '''\

def fetch_{number:04}(entity_id: str, workspace_id: int) -> dict[str, object]:
    """Fetch one entity."""
    return {{"entity_id": entity_id, "workspace_id": workspace_id}}


def store_{number:04}(entity_id: str, workspace_id: int | None = None) -> list[str]:
    """Store one entity."""
    return [entity_id]

'''


def write_project(folder: Path, queues: int) -> None:
    """Write queues.yaml with so many *queues*, and the package of their activities."""
    package = folder / "activities"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    text = [_HEAD]
    modules: dict[int, list[str]] = {}
    for number in range(queues):
        module = number // QUEUES_PER_MODULE
        text.append(_QUEUE.format(number=number, module=module))
        functions = modules.setdefault(module, [f'"""Functions of module {module}."""\n'])
        functions.append(_FUNCTIONS.format(number=number))
    (folder / "queues.yaml").write_text("".join(text))
    for module, functions in modules.items():
        (package / f"module_{module:03}.py").write_text("".join(functions))
