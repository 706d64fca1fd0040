"""The end of workspaces whose subscription has ended."""


def should_scrub(workspace_id: str) -> bool:
    return True


def retention_days(workspace_id: str) -> int:
    return 15


def pause_connectors(workspace_id: str) -> None:
    pass


def pause_triggers(workspace_id: str) -> None:
    pass


def mail_admins(workspace_id: str, days_left: int) -> None:
    pass


def scrub(workspace_id: str) -> None:
    pass


def list_ended_workspaces() -> list[str]:
    return ["w1", "w2"]
