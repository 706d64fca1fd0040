"""Mails about what nobody has read."""


def notify_unread(workspace_id: str, conversation_id: str, message_id: str) -> bool:
    return True
