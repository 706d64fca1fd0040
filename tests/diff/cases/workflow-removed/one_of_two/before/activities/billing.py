def charge(account: str) -> None:
    pass
