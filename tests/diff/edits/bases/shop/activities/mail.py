from collections.abc import Sequence


def send_mail(to: str, subject: str, copies: Sequence[str] = ()) -> str:
    return to
