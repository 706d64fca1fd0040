"""Agents that nobody uses."""


def list_workspaces() -> list[str]:
    return ["w1", "w2"]


def archive_agents(workspace_id: str) -> int:
    return 1
