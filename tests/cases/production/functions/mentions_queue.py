"""People and agents named in a message."""


def handle_mentions(workspace_id: str, conversation_id: str, message_id: str) -> int:
    return 1
