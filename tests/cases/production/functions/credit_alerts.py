"""Mails about credits that run out."""


def send_alert(workspace_id: str, threshold_key: str, total: int, consumed: int) -> int:
    return total - consumed
