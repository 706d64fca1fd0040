"""Long conversations made short."""


def compact_conversation(workspace_id: str, conversation_id: str, model: str) -> None:
    pass


def clean_up_compaction(workspace_id: str, conversation_id: str) -> None:
    pass
