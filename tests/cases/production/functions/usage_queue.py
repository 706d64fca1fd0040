"""What was used, and caps on it."""


def reconcile_api_key(workspace_id: str, key_id: int) -> str:
    return f"{workspace_id}/{key_id}"


def track_usage(workspace_id: str, conversation_id: str, message_id: str, run_key: str) -> None:
    pass
