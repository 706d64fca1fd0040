"""Invitations that nobody has answered."""


def send_reminders() -> bool:
    return False
