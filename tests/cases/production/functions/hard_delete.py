"""What was deleted softly a while ago."""


def purge_executions() -> int:
    return 12
