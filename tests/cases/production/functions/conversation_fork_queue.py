"""Copies of conversations."""


def fork_conversation(
    workspace_id: str, source_id: str, dest_id: str, at: int | None = None
) -> None:
    pass
