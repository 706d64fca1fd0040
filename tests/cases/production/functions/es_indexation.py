"""The search indexes."""


def index_user_search(user_id: str) -> str:
    return user_id


def list_workspaces() -> list[str]:
    return ["w1", "w2"]


def refresh_usage(workspace_id: str) -> None:
    pass
