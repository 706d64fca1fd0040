"""Usage of conversations."""

from typing import Any


def store_analytics(workspace_id: str, conversation_id: str, message_id: str) -> None:
    pass


def export_consumption(
    workspace_id: str,
    period: dict[str, Any],
    filter: dict[str, Any],  # noqa: A002 - the input's name
    export_id: str,
) -> str:
    return f"exports/{workspace_id}/{export_id}.csv"
