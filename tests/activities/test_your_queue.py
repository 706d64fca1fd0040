import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from activities import database
from activities.your_queue import EntityNotFound, ValidationError, your_activity


def stored() -> list[tuple[str, str, int, str]]:
    with database.transaction() as db:
        return db.execute(
            "SELECT entity_id, text, words, checksum FROM processed_entities ORDER BY entity_id"
        ).fetchall()


def test_the_normalised_text_is_stored_and_summed_up() -> None:
    text = (
        "Add the two CNAME records that the page shows. "
        "The certificate is issued within minutes of the first successful look-up."
    )

    processed = your_activity("entity-7", 1)

    assert (processed.entity_id, processed.words) == ("entity-7", 20)
    assert processed.checksum == hashlib.sha256(text.encode()).hexdigest()
    assert stored() == [("entity-7", text, 20, processed.checksum)]


def test_a_second_run_changes_nothing() -> None:
    first = your_activity("X", 1)
    rows = stored()

    assert your_activity("X", 1) == first
    assert stored() == rows


def test_an_edited_entity_replaces_what_was_stored() -> None:
    before = your_activity("X", 1)
    with database.transaction() as db:
        db.execute("UPDATE entities SET body = 'Ask an admin.' WHERE id = 'X'")

    after = your_activity("X", 1)

    assert after.checksum != before.checksum
    assert stored() == [("X", "Ask an admin.", 3, after.checksum)]


@pytest.mark.parametrize(("entity_id", "workspace_id"), [("nobody", 1), ("X", 2)])
def test_an_entity_that_the_workspace_lacks_is_not_found(entity_id: str, workspace_id: int) -> None:
    with pytest.raises(EntityNotFound, match=f"workspace {workspace_id} has no entity {entity_id}"):
        your_activity(entity_id, workspace_id)

    assert stored() == []


def test_an_entity_without_text_is_invalid() -> None:
    with pytest.raises(ValidationError, match=r"^entity draft-1 has no text$"):
        your_activity("draft-1", 1)

    assert stored() == []


def test_runs_beside_each_other_store_each_entity_once() -> None:
    ids = [f"entity-{number}" for number in range(1, 8)]

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda entity_id: your_activity(entity_id, 1), ids * 10))

    assert [entity_id for entity_id, *_ in stored()] == ids
