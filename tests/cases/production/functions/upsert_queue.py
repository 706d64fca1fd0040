"""Documents on their way into a data source."""


class CannotTokenise(ValueError):
    """No attempt will ever make text of it."""


def upsert_document(workspace_id: str, data_source_id: str, upsert_id: str) -> None:
    if upsert_id == "binary":
        raise CannotTokenise("no text in it")
