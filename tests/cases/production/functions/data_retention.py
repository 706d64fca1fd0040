"""What is kept for no longer than a workspace allows."""


def list_workspaces() -> list[str]:
    return [f"w{number}" for number in range(10)]


def purge_conversations(workspace_ids: list[str]) -> None:
    pass


def list_agents() -> list[str]:
    return ["a1", "a2"]


def purge_agent(agent_id: str) -> None:
    pass
