"""`tqrun explain QUEUE`: every step, and where each parameter of a call has its value from."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tqrun.cli.main import run

QUEUES = """\
queues:
  shop:
    version: 1
    workflows:
      order:
        workflow_id: order-${order_id}
        input: {order_id: string, rows: 'string[]', note: string?}
        steps:
          - activity: load
            as: total
          - foreach: ${rows}
            item: sku
            index: position
            max_concurrent: 4
            steps:
              - if: ${position > 0}
                then:
                  - activity: price
                    with: {rank: '${position + 1}'}
                else:
                  - sleep: 90s
          - try:
              - workflow: charge
                with: {total: 5}
            catch:
              - error_types: [timeout]
                steps:
                  - activity: report
          - return: ${total}
      charge:
        workflow_id: charge-${order_id}
        input: {order_id: string, total: integer, again: {type: boolean, default: false}}
        steps: [report]
    activities:
      load: {start_to_close_timeout: 1m}
      price: {schedule_to_close_timeout: 1m}
      report: {start_to_close_timeout: 1m, task_queue: reports}
"""
FUNCTIONS = """\
def load(order_id: str, limit: int = 10) -> int: ...


def price(sku: str, position: int, rank: int, total: int = 0, **more: object) -> int: ...
"""
ORDER = """\
shop.order  order-${order_id}
  worst case no limit, 22+ events, 5+ billable actions
  activity load as total, activities/shop.py:1
    order_id      ${order_id}      input, by name
    limit         10               left out; default of the function
  foreach ${rows} as sku, 4 at once
    if ${position > 0}
    then
      activity price, activities/shop.py:4, 1m at most
        sku       ${sku}           item of the loop, by name
        position  ${position}      index of the loop, by name
        rank      ${position + 1}  given under "with"
        total     ${total}         local, by name
        order_id  ${order_id}      input, by name
        rows      ${rows}          input, by name
        note      ${note}          input, by name
    else
      sleep 1m30s
  try
    workflow shop.charge
      order_id    ${order_id}      input, by name
      total       5                given under "with"
      again       false            left out; default of the input
  catch timeout as error
    activity report, on reports
      order_id    ${order_id}      input, by name
      rows        ${rows}          input, by name
      note        ${note}          input, by name
  return ${total}
"""
CHARGE = """\
shop.charge  charge-${order_id}
  worst case no limit, 11 events, 2 billable actions
  activity report, on reports
    order_id  ${order_id}  input, by name
    total     ${total}     input, by name
    again     ${again}     input, by name
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def imported() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] == "activities"]

    for name in imported():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("queues.yaml").write_text(QUEUES)
    Path("activities").mkdir()
    Path("activities/__init__.py").touch()
    Path("activities/shop.py").write_text(FUNCTIONS)
    yield
    for name in imported():
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("shop", ORDER + CHARGE), ("shop.order", ORDER), ("shop.charge", CHARGE)],
)
def test_every_parameter_is_shown_with_its_value_and_the_reason(
    name: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", name]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (expected, "")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("shp", 'error: there is no queue "shp"; did you mean "shop"?\n'),
        (
            "shop.ordr",
            'error: "shop.ordr" is not one workflow; the queue has shop.order, shop.charge\n',
        ),
        ("bad-duratoin", 'error: no rule "bad-duratoin"; did you mean "bad-duration"?\n'),
    ],
)
def test_what_is_neither_a_rule_nor_a_queue_is_told_with_the_nearest(
    name: str, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", name]) == 2
    assert capsys.readouterr().err == error


def test_a_file_with_findings_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    Path("queues.yaml").write_text(QUEUES.replace("${rows}", "${row}"))
    assert run(["explain", "shop"]) == 1
    errors = capsys.readouterr().err
    assert errors == (
        'queues.yaml:11:24: "row" is not known here; did you mean "rows"? [unknown-name]\n'
    )


def test_a_terminal_shows_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdout", stream := Terminal())
    assert run(["explain", "shop.charge"]) == 0
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    rows = [re.split(r" *│ *", line.strip("│ ")) for line in shown.splitlines() if "│" in line]
    assert rows == [
        ["activity report, on reports"],
        ["order_id", "${order_id}", "input, by name"],
        ["total", "${total}", "input, by name"],
        ["again", "${again}", "input, by name"],
    ]


@pytest.mark.parametrize(
    ("signature", "takes"),
    [
        ("self, order_id: str, copies: int = 1", "order_id, copies"),
        ("self, order: dict", "one object with all inputs"),
    ],
)
def test_a_hand_written_class_has_no_steps_and_no_costs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    signature: str,
    takes: str,
) -> None:
    (tmp_path / "orders_by_hand.py").write_text(
        "from temporalio import workflow\n"
        "@workflow.defn(name='order')\n"
        "class Order:\n"
        "    @workflow.run\n"
        f"    async def run({signature}) -> None: ...\n"
    )
    (tmp_path / "queues.yaml").write_text(
        "queues:\n"
        "  order:\n"
        "    version: 1\n"
        "    workflow_id: order-${order_id}\n"
        "    workflow_class: orders_by_hand:Order\n"
        "    input: {order_id: string, copies: {type: integer, default: 2}}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "orders_by_hand", raising=False)
    assert run(["explain", "order"]) == 0
    assert capsys.readouterr().out == (
        "order  order-${order_id}\n"
        "  what a run does and costs is decided by its code\n"
        "  class orders_by_hand:Order, written by hand\n"
        f"    run takes {takes}\n"
    )
