"""Everything that a workspace has, deleted part by part."""


def is_deletable(workspace_id: str, relocated: bool) -> bool:
    return True


def is_active(workspace_id: str) -> bool:
    return False


def delete_conversations(workspace_id: str) -> None:
    pass


def delete_agents(workspace_id: str) -> None:
    pass


def delete_runs(workspace_id: str) -> None:
    pass


def delete_apps(workspace_id: str) -> None:
    pass


def delete_trackers(workspace_id: str) -> None:
    pass


def delete_data_sources(workspace_id: str, delete_data_sources: bool) -> None:
    pass


def delete_tables(workspace_id: str) -> None:
    pass


def delete_spaces(workspace_id: str) -> None:
    pass


def delete_triggers(workspace_id: str) -> None:
    pass


def delete_webhooks(workspace_id: str) -> None:
    pass


def delete_members(workspace_id: str) -> None:
    pass


def delete_invitations(workspace_id: str) -> None:
    pass


def delete_keys(workspace_id: str) -> None:
    pass


def delete_credits(workspace_id: str) -> None:
    pass


def delete_subscription(workspace_id: str) -> None:
    pass


def delete_workspace(workspace_id: str) -> None:
    pass
