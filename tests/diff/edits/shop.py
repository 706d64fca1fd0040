"""What a developer may do to the shop, one pull request at a time: each with its verdict.

The operators know what the plans of the base call, pass and read; nothing here knows how a
comparison finds out.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.diff.edits.operators import Operator, declared, deleted, new_file, several, text
from tests.diff.edits.projects import QUEUES, Files

ORDERS, PAY, BILL = "activities/orders.py", "activities/payments.py", "activities/billing.py"
AGENT, FLEET, AUDIT, MAIL = (f"activities/{one}.py" for one in ("agent", "fleet", "audit", "mail"))
MODELS, ERRORS, FLOWS = "shop/models.py", "shop/errors.py", "shop/flows.py"
CLASS_QUEUE, STEPS_QUEUES = "agent", ("orders", "payments", "billing", "fleet", "audit")


def operators(files: Files) -> list[Operator]:
    """All of them."""
    data = yaml.safe_load(files[QUEUES])
    found = [*_rewritten(), *_of_the_file(data), *_python(), *_by_hand(), *_locks()]
    for name, queue in data["queues"].items():
        found += _of_queue(name, queue)
        entries = queue.get("workflows") or {None: queue}
        for key, entry in entries.items():
            if "workflow_id" in entry:
                found += _of_workflow(name, key, entry)
    return found


# The same in other words

_DURATION = re.compile(r"(?<=: )(\d+)(s|m|h|d)$", re.MULTILINE)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _whole(name: str, change: Any) -> Operator:
    def apply(files: dict[str, str]) -> None:
        new = change(files[QUEUES])
        assert new != files[QUEUES], name
        files[QUEUES] = new

    return Operator(name, "safe", apply, frozenset({QUEUES, "queue *"}))


def _rewritten() -> list[Operator]:
    def seconds(text: str) -> str:
        return _DURATION.sub(lambda one: f"{int(one[1]) * _SECONDS[one[2]]}s", text)

    def quoted(text: str) -> str:
        return re.sub(r"(?<=: )([a-z][a-z_]*)$", r"'\1'", text, flags=re.MULTILINE)

    def sorted_queues(text: str) -> str:
        data = yaml.safe_load(text)
        data["queues"] = dict(sorted(data["queues"].items()))
        return yaml.safe_dump(data, sort_keys=False)

    def sorted_keys(text: str) -> str:
        data = yaml.safe_load(text)
        for queue in data["queues"].values():
            for entry in (queue, *queue.get("workflows", {}).values()):
                rest = dict(sorted(entry.items(), reverse=True))
                entry.clear()
                entry.update(rest)
        return yaml.safe_dump(data, sort_keys=False)

    def sorted_inputs(text: str) -> str:
        data = yaml.safe_load(text)
        for queue in data["queues"].values():
            for entry in (queue, *queue.get("workflows", {}).values()):
                for key in ("input", "signals", "schedules", "queries"):
                    if key in entry:
                        entry[key] = dict(sorted(entry[key].items(), reverse=True))
        return yaml.safe_dump(data, sort_keys=False)

    def long_inputs(text: str) -> str:
        text = re.sub(
            r"^(\s+\w+): (string|integer|number)$", r"\1: {type: \2}", text, flags=re.MULTILINE
        )
        return text.replace("note: string?", "note: {type: [string, 'null'], default: null}")

    def inlined_policy(text: str) -> str:
        data = yaml.safe_load(text)
        for queue in data["queues"].values():
            for activity in queue.get("activities", {}).values():
                if isinstance(activity.get("retry_policy"), str):
                    activity["retry_policy"] = data["retry_policies"][activity["retry_policy"]]
        return yaml.safe_dump(data, sort_keys=False)

    def inlined_defaults(text: str) -> str:
        data = yaml.safe_load(text)
        defaults = data.pop("defaults")
        for queue in data["queues"].values():
            for key, value in defaults["queue"].items():
                queue.setdefault(key, value)
            for activity in queue.get("activities", {}).values():
                for key, value in defaults["activity"].items():
                    activity.setdefault(key, value)
        return yaml.safe_dump(data, sort_keys=False)

    def spaced(text: str) -> str:
        return re.sub(r"\$\{([a-z_.]+)\}", r"${ \1 }", text)

    def from_input(text: str) -> str:
        return re.sub(r"(?<=_id: )([a-z]+)-\$\{([a-z_]+)\}", r"\1-${input.\2}", text)

    def renamed_policy(text: str) -> str:
        return re.sub(r"\bcareful\b", "strict", text)

    return [
        _whole("durations in seconds", seconds),
        _whole("words in quotes", quoted),
        _whole("queues in another order", sorted_queues),
        _whole("keys in another order", sorted_keys),
        _whole("inputs in another order", sorted_inputs),
        _whole("inputs in their long form", long_inputs),
        _whole("a policy written out", inlined_policy),
        _whole("defaults written out", inlined_defaults),
        _whole("spaces in expressions", spaced),
        _whole("ids from input.x", from_input),
        _whole("a policy under another name", renamed_policy),
        _whole(
            "comments and empty lines", lambda text: text.replace("\n  ", "\n\n  # Here.\n  ", 3)
        ),
        _whole("Windows line ends", lambda text: text.replace("\n", "\r\n")),
        _whole(
            "another indentation",
            lambda text: yaml.safe_dump(yaml.safe_load(text), indent=6, sort_keys=False),
        ),
        _whole(
            "flow style",
            lambda text: yaml.safe_dump(
                yaml.safe_load(text), default_flow_style=True, sort_keys=False
            ),
        ),
    ]


# Keys of the file


def _of_the_file(data: dict[str, Any]) -> list[Operator]:
    def set_(*way: str, to: Any) -> Any:
        def change(file: dict[str, Any]) -> None:
            for key in way[:-1]:
                file = file.setdefault(key, {})
            file[way[-1]] = to

        return change

    def without(name: str) -> Any:
        return lambda file: file["queues"].pop(name)

    def renamed(name: str, **more: Any) -> Any:
        def change(file: dict[str, Any]) -> None:
            file["queues"] = {
                (f"{key}_anew" if key == name else key): (
                    {**entry, **more} if key == name else entry
                )
                for key, entry in file["queues"].items()
            }

        return change

    stays = {
        "task_queue": "fleet-${cell}-v${version}",
        "workflow_type": "fleet",
        "renamed_from": "fleet",
    }
    functions = {
        "activities": {
            "locate": {"function": "activities.fleet:locate"},
            "route": {"function": "shop.routing:route"},
        }
    }
    return [
        declared(
            "breaking",
            "another namespace",
            "*",
            set_("namespace", to="production"),
            "task-queue-changed",
        ),
        declared(
            "breaking",
            "reject duplicates by default",
            "*",
            set_("defaults", "workflow", "id_reuse_policy", to="allow_duplicate_failed_only"),
            "id-policy-changed",
        ),
        declared(
            "safe",
            "longer timeouts by default",
            "*",
            set_("defaults", "activity", "start_to_close_timeout", to="9m"),
        ),
        declared(
            "safe",
            "more retries in a policy",
            "*",
            set_("retry_policies", "patient", "maximum_attempts", to=30),
        ),
        declared(
            "safe",
            "a policy that nothing uses",
            "*",
            set_("retry_policies", "new", to={"maximum_attempts": 3}),
        ),
        declared(
            "safe",
            "workers do more at once",
            "*",
            set_("defaults", "queue", "max_concurrent_activities", to=44),
        ),
        declared(
            "safe",
            "a queue is new",
            "*",
            set_(
                "queues",
                "extra",
                to={
                    "version": 1,
                    "workflow_id": "extra-${order_id}",
                    "input": {"order_id": "string"},
                    "activities": {"release": {"function": "activities.orders:release"}},
                },
            ),
        ),
        declared("breaking", "a queue is removed", "*", without("fleet"), "queue-removed"),
        declared("breaking", "another queue is removed", "*", without("audit"), "queue-removed"),
        declared(
            "breaking",
            "a queue has another name",
            "*",
            renamed("fleet", **functions),
            "queue-renamed",
            "queue-removed",
        ),
        declared(
            "breaking",
            "a queue has another name and says so only",
            "*",
            renamed("fleet", **functions, renamed_from="fleet"),
            "workflow-type-changed",
        ),
        declared(
            "safe",
            "a queue has another name and keeps the rest",
            "*",
            renamed("fleet", **functions, **stays),
        ),
        declared(
            "breaking",
            "another package of activities",
            "*",
            set_("activities_package", to="shop"),
            "activity-removed",
        ),
    ]


# Keys of a queue


def _of_queue(name: str, queue: dict[str, Any]) -> list[Operator]:
    version = queue["version"]
    drained = list(queue.get("draining", []))
    fixed = "version" not in queue.get("task_queue", "${version}")

    def set_(key: str, value: Any) -> Any:
        return lambda entry: entry.__setitem__(key, value)

    def update(**values: Any) -> Any:
        return lambda entry: entry.update(values)

    both: dict[Any, Any] = {**{one: {} for one in drained}, version: {}}
    if name == "orders":
        both[2] = queue["draining"][2]
    found = [
        declared(
            "safe",
            "another description",
            name,
            update(description="What it is for", owner="people"),
        ),
        declared("safe", "more at once", name, set_("max_concurrent_activities", 7)),
        declared("safe", "a longer grace", name, set_("graceful_shutdown_timeout", "90s")),
        declared("breaking", "version down", name, set_("version", version - 1), "version-lowered")
        if version > 1 and not drained
        else None,
        declared(
            "safe" if fixed else "breaking",
            "bumped",
            name,
            set_("version", version + 1),
            *(() if fixed else ("version-not-draining",)),
        ),
        declared(
            "breaking",
            "another namespace",
            name,
            set_("namespace", "elsewhere"),
            "task-queue-changed",
        ),
    ]
    if not fixed:
        found += [
            declared(
                "safe", "bumped and drained", name, update(version=version + 1, draining=both)
            ),
            declared(
                "safe",
                "bumped by two and drained",
                name,
                update(version=version + 2, draining=both),
            ),
        ]
        template = queue.get("task_queue") or f"{name}-v${{version}}"
        found += [
            declared(
                "breaking",
                "another task queue",
                name,
                set_("task_queue", f"the-{template}"),
                "task-queue-changed",
            ),
            declared(
                "safe", "its own task queue written out", name, set_("task_queue", f"{template}")
            ),
        ]
    else:
        found.append(
            declared(
                "breaking",
                "another fixed task queue",
                name,
                set_("task_queue", "elsewhere"),
                "task-queue-changed",
            )
        )
    for one in drained:

        def without(entry: dict[str, Any], one: int = one) -> None:
            entry["draining"] = {key: {} for key in entry["draining"] if key != one}

        def external(entry: dict[str, Any], one: int = one) -> None:
            entry["draining"] = {**{key: {} for key in entry["draining"]}, one: "external"}

        found += [
            declared("breaking", f"{one} drains no more", name, without, "version-removed"),
            declared("breaking", f"{one} becomes external", name, external, "version-external"),
        ]
    for activity in queue["activities"]:
        found += _of_activity(name, activity, queue)
    return [one for one in found if one is not None]


def _of_activity(name: str, activity: str, queue: dict[str, Any]) -> list[Operator]:
    def option(key: str, value: Any) -> Any:
        return lambda entry: entry["activities"][activity].__setitem__(key, value)

    own = queue["activities"][activity]
    found = [
        declared(
            "safe", f"{activity}: another timeout", name, option("start_to_close_timeout", "11m")
        ),
        declared("safe", f"{activity}: heartbeats", name, option("heartbeat_timeout", "25s")),
        declared(
            "safe",
            f"{activity}: another policy",
            name,
            option("retry_policy", {"maximum_attempts": 2}),
        )
        if "retry_policy" not in own
        else None,
        declared("safe", f"{activity}: a summary", name, option("summary", "Busy")),
        declared(
            "safe", f"{activity}: goes on after an error", name, option("on_error", "continue")
        )
        if name in ("audit", "fleet")
        else None,
        declared(
            "breaking",
            f"{activity}: on other workers",
            name,
            option("task_queue", "others"),
            "activity-removed",
            "activity-task-queue-changed",
        )
        if name in ("audit", "fleet", "agent") and "function" not in own
        else None,
        declared(
            "safe",
            f"{activity}: its function written out",
            name,
            option("function", f"activities.{name}:{activity}"),
        )
        if "function" not in own
        else None,
    ]
    if name in ("payments", "fleet", "audit", "agent"):
        found.append(
            declared(
                "breaking",
                f"{activity} is not declared",
                name,
                lambda entry: entry["activities"].pop(activity),
                "activity-removed",
                "child-result-changed",
            )
        )
    if name in ("fleet", "audit", "agent", "payments"):

        def more(entry: dict[str, Any]) -> None:
            entry["activities"] = {
                "release": {"function": "shop.extra:note"},
                **entry["activities"],
            }

        extra = new_file("shop/extra.py", "def note() -> None:\n    pass\n")
        found.append(
            several(
                "safe",
                f"{name}: an activity more before {activity}",
                extra,
                declared("safe", "", name, more),
            )
        )
    return [one for one in found if one is not None]


# Keys of a workflow


def _of_workflow(name: str, key: str | None, entry: dict[str, Any]) -> list[Operator]:
    def change(function: Any) -> Any:
        return lambda queue: function(queue["workflows"][key] if key else queue)

    label = f"{key}: " if key else ""

    def op(verdict: Any, what: str, function: Any, *codes: str) -> Operator:
        return declared(verdict, f"{label}{what}", name, change(function), *codes)

    def put(where: str, one: str, value: Any) -> Any:
        return lambda flow: flow.setdefault(where, {}).__setitem__(one, value)

    def drop(where: str, one: str) -> Any:
        return lambda flow: flow[where].pop(one)

    identity = entry["workflow_id"]
    other_type = "workflow_class" not in entry
    found = [
        op(
            "breaking",
            "another id",
            lambda flow: flow.update(workflow_id=f"x-{identity}"),
            "workflow-id-changed",
        ),
        op(
            "breaking",
            "an id with a slash",
            lambda flow: flow.update(workflow_id=identity.replace("-", "/", 1)),
            "workflow-id-changed",
        ),
        op(
            "breaking",
            "an id in capitals",
            lambda flow: flow.update(workflow_id=identity[0].upper() + identity[1:]),
            "workflow-id-changed",
        ),
        op(
            "safe",
            "an id in brackets",
            lambda flow: flow.update(workflow_id=re.sub(r"\$\{(\w+)\}", r"${(\1)}", identity)),
        ),
        op(
            "safe",
            "an id by concatenation",
            lambda flow: flow.update(workflow_id=_concatenated(identity)),
        ),
        op(
            "breaking",
            "duplicates are refused",
            lambda flow: flow.update(id_reuse_policy="reject_duplicate"),
            "id-policy-changed",
        )
        if "debounce" not in entry
        else None,
        op(
            "breaking",
            "duplicates end the old run",
            lambda flow: flow.update(id_conflict_policy="terminate_existing"),
            "id-policy-changed",
        )
        if "debounce" not in entry
        else None,
        op("safe", "a limit", lambda flow: flow.update(execution_timeout="40d")),
        op("safe", "a delay", lambda flow: flow.update(start_delay="5s"))
        if "debounce" not in entry
        else None,
        op("safe", "a summary", lambda flow: flow.update(summary="Busy")),
        op(
            "safe", "an optional input", put("input", "priority", {"type": "integer", "default": 0})
        ),
        op("safe", "a nullable input", put("input", "comment", "string?")),
        op("breaking", "a needed input", put("input", "tenant", "string"), "input-required"),
        op(
            "breaking",
            "a new search attribute",
            lambda flow: (
                put("input", "shade", {"type": "string", "default": "red"})(flow),
                flow.update(search_attributes={**_attributes(flow), "shade": "${shade}"}),
            ),
            "search-attribute-added",
        ),
        op(
            "safe",
            "a memo",
            lambda flow: flow.update(
                memo=["hue"], input={**flow["input"], "hue": {"type": "string", "default": "x"}}
            ),
        )
        if "memo" not in entry
        else None,
        op(
            "safe",
            "a schedule",
            put("schedules", "hourly", {"every": "1h", "input": _example(entry)}),
        )
        if other_type
        else None,
    ]
    if other_type:
        found.append(
            op(
                "breaking",
                "another workflow type",
                lambda flow: flow.update(workflow_type="Renamed"),
                "workflow-type-changed",
            )
        )
    if "steps" not in entry and other_type:
        found.append(
            op(
                "safe",
                "its steps written out",
                lambda flow: flow.update(steps=[*entry["activities"]]),
            )
        )
        found.append(
            op(
                "safe",
                "a log line first",
                lambda flow: flow.update(steps=[{"log": "begun"}, *entry["activities"]]),
            )
        )
        found.append(
            op(
                "safe",
                "a pause last",
                lambda flow: flow.update(steps=[{"sleep": "1s"}, *entry["activities"]]),
            )
        )
    if "steps" in entry:
        found += [
            op("safe", "a log line first", lambda flow: flow["steps"].insert(0, {"log": "begun"})),
            op("safe", "a pause first", lambda flow: flow["steps"].insert(0, {"sleep": "1s"})),
        ]
    for field, declared_ in entry.get("input", {}).items():
        found += _of_input(op, put, drop, identity, field, declared_, entry)
    for signal, fields in entry.get("signals", {}).items():
        found += [
            op(
                "breaking",
                f"signal {signal} takes a needed field",
                put("signals", signal, {**fields, "tenant": "string"}),
                "signal-narrowed",
            ),
            op(
                "breaking",
                f"signal {signal} takes other types",
                put("signals", signal, dict.fromkeys(fields, "boolean")),
                "signal-narrowed",
            ),
            op(
                "breaking",
                f"signal {signal} takes no field",
                put("signals", signal, {}),
                "signal-narrowed",
            ),
            op(
                "safe",
                f"signal {signal} takes an optional field",
                put("signals", signal, {**fields, "hint": "string?"}),
            ),
        ]
    for query in entry.get("queries", {}):
        found += [
            op("breaking", f"query {query} is gone", drop("queries", query), "query-removed"),
            op("safe", "a query more", put("queries", "id", "${order_id}")),
        ]
    for schedule, plan in entry.get("schedules", {}).items():
        found += [
            op(
                "breaking",
                f"schedule {schedule} is gone",
                drop("schedules", schedule),
                "schedule-removed",
            ),
            op(
                "breaking",
                f"schedule {schedule} has another name",
                lambda flow, one=schedule: flow["schedules"].update(
                    {f"{one}2": flow["schedules"].pop(one)}
                ),
                "schedule-removed",
            ),
            op(
                "safe",
                f"schedule {schedule} paused",
                put("schedules", schedule, {**plan, "paused": True}),
            ),
            op(
                "safe",
                f"schedule {schedule} with jitter",
                put("schedules", schedule, {**plan, "jitter": "5m"}),
            ),
        ]
    if "debounce" in entry:
        found += [
            op(
                "breaking",
                "a longer window",
                lambda flow: flow.update(debounce={"window": "30s", "max_wait": "1m"}),
                "debounce-changed",
            ),
            op("breaking", "no debounce", lambda flow: flow.pop("debounce"), "debounce-changed"),
            op(
                "safe",
                "the same window",
                lambda flow: flow.update(debounce={"window": "10s", "max_wait": "60s"}),
            ),
        ]
    return [one for one in found if one is not None]


def _concatenated(identity: str) -> str:
    parts = [one for one in re.split(r"(\$\{\w+\})", identity) if one]
    words = [f"string({one[2:-1]})" if one[:2] == "${" else f"'{one}'" for one in parts]
    return "${" + " + ".join(words) + "}"


def _attributes(flow: dict[str, Any]) -> dict[str, Any]:
    given = flow.get("search_attributes", {})
    return given if isinstance(given, dict) else {one: f"${{{one}}}" for one in given}


def _example(entry: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, declared_ in entry["input"].items():
        kind = declared_ if isinstance(declared_, str) else declared_["type"]
        if (isinstance(declared_, dict) and "default" in declared_) or kind.endswith("?"):
            continue
        options = declared_ if isinstance(declared_, dict) else {}
        texts = {"date": "2024-01-01"}
        values[field] = (
            options.get("enum", [None])[0]
            or {"integer": 1, "number": 1.5}.get(kind)
            or texts.get(options.get("format", ""), "2024-01")
        )
    return values


def _of_input(
    op: Any, put: Any, drop: Any, identity: str, field: str, given: Any, entry: dict[str, Any]
) -> list[Any]:
    long = dict(given) if isinstance(given, dict) else {"type": given}
    in_id = f"${{{field}}}" in identity
    kind = long["type"]
    is_optional = "default" in long or str(kind).endswith("?")
    if str(kind).endswith("?"):
        return [
            op(
                "breaking",
                f"input {field} is no longer null",
                put("input", field, {"type": kind[:-1], "default": ""}),
                "input-narrowed",
            )
        ]
    found: list[Any] = []
    if not is_optional and field != "amount":
        value = {"string": "", "integer": 0}.get(kind)
        if (
            value is not None
            and "enum" not in long
            and "pattern" not in long
            and "format" not in long
            and not in_id
        ):
            found.append(
                op(
                    "safe",
                    f"input {field} may be left out",
                    put("input", field, {**long, "default": value}),
                )
            )
    if is_optional:
        without = {key: one for key, one in long.items() if key != "default"}
        if not entry.get("schedules") and field not in ("currency", "cents"):
            found.append(
                op(
                    "breaking",
                    f"input {field} must be given",
                    put("input", field, without),
                    "input-required",
                )
            )
        if not in_id and kind in ("integer", "number"):
            found.append(
                op(
                    "safe",
                    f"input {field} has another default",
                    put("input", field, {**long, "default": 9}),
                )
            )
    match kind:
        case "string":
            if "enum" in long:
                if len(long["enum"]) > 1 and entry.get("task_queue") is None:
                    found.append(
                        op(
                            "breaking",
                            f"input {field} has a value less",
                            put("input", field, {**long, "enum": long["enum"][:1]}),
                            "input-narrowed",
                        )
                    )
                found.append(
                    op(
                        "safe",
                        f"input {field} has a value more",
                        put("input", field, {**long, "enum": [*long["enum"], "east"]}),
                    )
                )
            elif "format" not in long:
                found.append(
                    op(
                        "breaking",
                        f"input {field} is short",
                        put("input", field, {**long, "maxLength": 40}),
                        "input-narrowed",
                    )
                )
                found.append(
                    op(
                        "breaking",
                        f"input {field} is one of two",
                        put("input", field, {**long, "enum": ["2024-01", "nightly", "EUR", "all"]}),
                        "input-narrowed",
                    )
                )
            found.append(
                op(
                    "safe",
                    f"input {field} has a description",
                    put("input", field, {**long, "description": "Which one", "examples": ["a"]}),
                )
            )
        case "integer" | "number":
            found += [
                op(
                    "breaking",
                    f"input {field} is at most 99",
                    put("input", field, {**long, "maximum": 99}),
                    "input-narrowed",
                ),
                op(
                    "safe",
                    f"input {field} has a title",
                    put("input", field, {**long, "title": "How many"}),
                ),
            ]
            if "minimum" in long:
                found.append(
                    op(
                        "safe",
                        f"input {field} may be less",
                        put("input", field, {**long, "minimum": 0}),
                    )
                )
                found.append(
                    op(
                        "breaking",
                        f"input {field} is more",
                        put("input", field, {**long, "minimum": 2, "default": 2}),
                        "input-narrowed",
                    )
                )
        case "array":
            found.append(
                op(
                    "breaking",
                    f"input {field} has few items",
                    put("input", field, {**long, "maxItems": 3}),
                    "input-narrowed",
                )
            )
    return found


# Python


def _python() -> list[Operator]:
    carrier = '    POST = "post"\n    COURIER = "courier"\n'
    return [
        # bodies and looks
        text(
            "safe",
            "another body",
            ORDERS,
            '    logger.info("release %s", order_id)',
            '    for _ in range(2):\n        logger.info("release %s", order_id)',
        ),
        text("safe", "async to sync", ORDERS, "async def release", "def release"),
        text("safe", "sync to async", BILL, "def collect", "async def collect"),
        text("safe", "no docstring", ORDERS, '    """Reserve the stock."""\n', ""),
        text("safe", "no future annotations", ORDERS, "from __future__ import annotations\n\n", ""),
        text(
            "safe",
            "future annotations",
            BILL,
            "from shop",
            "from __future__ import annotations\n\nfrom shop",
        ),
        text(
            "safe",
            "a helper",
            BILL,
            "def collect",
            "def _helper(value: int) -> int:\n    return value\n\n\ndef collect",
        ),
        text("safe", "another constant", ORDERS, "LIMIT = 100", "LIMIT = 200"),
        text(
            "safe",
            "an optional parameter",
            ORDERS,
            "def release(order_id: str)",
            "def release(order_id: str, *, hard: bool = False)",
        ),
        text(
            "safe",
            "keyword only",
            ORDERS,
            "def ship(order_id: str, carrier",
            "def ship(*, order_id: str, carrier",
        ),
        text(
            "safe",
            "parameters in another order",
            PAY,
            "def authorise(payer: str, amount: int,",
            "def authorise(amount: int, payer: str,",
        ),
        text("safe", "another default", ORDERS, "copies: int = 1", "copies: int = 2"),
        text(
            "breaking",
            "takes all inputs, which old workers refuse",
            ORDERS,
            "sku: str, order_id: str)",
            "sku: str, order_id: str, **more: object)",
            "parameter-added",
        ),
        text("safe", "a wider parameter", BILL, "cents: int = 0", "cents: int | None = None"),
        text(
            "safe",
            "a wider text",
            MAIL,
            "to: str, subject: str",
            "to: str | list[str], subject: str",
        ),
        several(
            "safe",
            "cached",
            text("safe", "", BILL, "def collect", "@cache\ndef collect"),
            text("safe", "", BILL, "from shop", "from functools import cache\n\nfrom shop"),
        ),
        several(
            "safe",
            "decorated with a wrapper",
            text("safe", "", BILL, "def collect", "@timed\ndef collect"),
            text(
                "safe",
                "",
                BILL,
                "from shop",
                "import functools\n\n\ndef timed(function):\n    @functools.wraps(function)\n    def inner(*args, **kwargs):\n        return function(*args, **kwargs)\n\n    return inner\n\n\nfrom shop",
            ),
        ),
        several(
            "safe",
            "type checking imports for others",
            text(
                "safe",
                "",
                FLEET,
                "from typing import NamedTuple",
                "from typing import TYPE_CHECKING, NamedTuple\n\nif TYPE_CHECKING:\n    from collections.abc import Iterable",
            ),
        ),
        # Names from elsewhere, still there
        several(
            "safe",
            "import of the module",
            text(
                "safe",
                "",
                BILL,
                "from shop.models import Customer, Totals",
                "from shop import models",
            ),
            text("safe", "", BILL, "Totals", "models.Totals", count=0),
            text("safe", "", BILL, "Customer ", "models.Customer ", count=0),
        ),
        several(
            "safe",
            "import under another name",
            text(
                "safe",
                "",
                BILL,
                "from shop.models import Customer, Totals",
                "from shop.models import Customer, Totals as Sum",
            ),
            text("safe", "", BILL, "-> Totals", "-> Sum"),
            text("safe", "", BILL, "total: Totals", "total: Sum"),
            text("safe", "", BILL, "return Totals", "return Sum"),
        ),
        several(
            "safe",
            "a class moved, imported back",
            text(
                "safe",
                "",
                MODELS,
                "class Customer(BaseModel):\n    name: str\n    email: str | None = None\n",
                "from shop.people import Customer\n",
            ),
            new_file(
                "shop/people.py",
                "from pydantic import BaseModel\n\n\nclass Customer(BaseModel):\n    name: str\n    email: str | None = None\n",
            ),
        ),
        several(
            "safe",
            "a class moved, star imported back",
            text(
                "safe",
                "",
                MODELS,
                "class Customer(BaseModel):\n    name: str\n    email: str | None = None\n",
                "from shop.people import *\n",
            ),
            new_file(
                "shop/people.py",
                "from pydantic import BaseModel\n\n__all__ = ['Customer']\n\n\nclass Customer(BaseModel):\n    name: str\n    email: str | None = None\n",
            ),
        ),
        several(
            "breaking",
            "a class moved and narrowed",
            text(
                "safe",
                "",
                MODELS,
                "class Customer(BaseModel):\n    name: str\n    email: str | None = None\n",
                "from shop.people import *\n",
            ),
            new_file(
                "shop/people.py",
                "from pydantic import BaseModel\n\n\nclass Customer(BaseModel):\n    name: str\n    email: str\n",
            ),
            codes=("parameter-narrowed",),
        ),
        several(
            "safe",
            "functions moved, imported back",
            text(
                "safe",
                "",
                MAIL,
                "def send_mail(to: str, subject: str, copies: Sequence[str] = ()) -> str:\n    return to\n",
                "from shop.mailing import send_mail\n",
            ),
            new_file(
                "shop/mailing.py",
                "def send_mail(to: str, subject: str, copies: list[str] | tuple[str, ...] = ()) -> str:\n    return to\n",
            ),
        ),
        several(
            "breaking",
            "functions moved, not imported back",
            text(
                "safe",
                "",
                MAIL,
                "def send_mail(to: str, subject: str, copies: Sequence[str] = ()) -> str:\n    return to\n",
                "import shop.mailing\n",
            ),
            new_file(
                "shop/mailing.py", "def send_mail(to: str, subject: str) -> str:\n    return to\n"
            ),
        ),
        # functions
        *(
            text("breaking", f"{name} has another name", file, f"def {name}(", f"def {name}_now(")
            for file, name in (
                (ORDERS, "reserve"),
                (ORDERS, "pack"),
                (PAY, "capture"),
                (BILL, "give_back"),
                (MAIL, "send_mail"),
                (FLEET, "locate"),
                (AUDIT, "sign"),
                (AGENT, "run_turn"),
                ("shop/routing.py", "route"),
            )
        ),
        *(deleted(file) for file in (FLEET, AUDIT, MAIL, AGENT, "shop/routing.py")),
        *(
            text("breaking", f"{file} is not Python", file, "def ", "def def ")
            for file in (ORDERS, FLEET, AUDIT, AGENT)
        ),
        text(
            "breaking",
            "a function in a class",
            AUDIT,
            'def sign(day: dt.date, folder: Path = Path("/var/audit")) -> str:\n    return str(folder / day.isoformat())',
            "class Audit:\n    def sign(self, day: dt.date) -> str:\n        return day.isoformat()",
        ),
        text(
            "breaking",
            "a function in a function",
            FLEET,
            "def locate(vehicle: str, cell: str, speed: float = 50.0) -> Point:\n    return Point(0.0, 0.0)",
            "def _make():\n    def locate(vehicle: str, cell: str, speed: float = 50.0) -> Point:\n        return Point(0.0, 0.0)\n\n    return locate",
        ),
        text(
            "breaking",
            "a generator",
            AUDIT,
            "    return [day.isoformat()]",
            "    yield day.isoformat()",
        ),
        text(
            "breaking", "an async generator", AGENT, "    print(turn.text)", "    yield turn.text"
        ),
        text(
            "breaking",
            "by position only",
            FLEET,
            "def locate(vehicle: str,",
            "def locate(vehicle: str, /,",
        ),
        text(
            "breaking",
            "under a platform",
            MAIL,
            "def send_mail(to: str, subject: str, copies: Sequence[str] = ()) -> str:\n    return to",
            "import os\n\nif os.name == 'posix':\n\n    def send_mail(to: str, subject: str, copies: Sequence[str] = ()) -> str:\n        return to",
        ),
        text(
            "breaking",
            "only for type checkers",
            AUDIT,
            "def gather(day: dt.date) -> list[str]:\n    return [day.isoformat()]",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n\n    def gather(day: dt.date) -> list[str]:\n        return [day.isoformat()]",
        ),
        # parameters
        text(
            "breaking",
            "a parameter is gone",
            PAY,
            "def capture(payer: str, amount: int, currency",
            "def capture(payer: str, currency",
        ),
        text(
            "breaking",
            "a parameter has another name",
            ORDERS,
            "def ship(order_id: str, carrier: Carrier, note: str | None = None)",
            "def ship(order_id: str, carrier: Carrier, remark: str | None = None)",
            "parameter-removed",
        ),
        text(
            "breaking",
            "a needed parameter",
            FLEET,
            "speed: float = 50.0",
            "speed: float, lane: int",
            "parameter-required",
        ),
        text(
            "breaking",
            "a parameter is narrower",
            ORDERS,
            "note: str | None = None) -> Parcel",
            "note: str = '') -> Parcel",
            "parameter-narrowed",
        ),
        text(
            "breaking",
            "a whole number for a number",
            FLEET,
            "speed: float = 50.0",
            "speed: int = 50",
            "parameter-narrowed",
        ),
        text(
            "breaking",
            "a date for a text",
            BILL,
            "customer: str, month: str",
            "customer: str, month: 'dt.date'",
        ),
        text(
            "breaking",
            "a literal for a text",
            PAY,
            'amount: int, currency: str = "EUR") -> None',
            "amount: int, currency: \"Literal['EUR', 'USD']\" = \"EUR\") -> None",
        ),
        text(
            "breaking",
            "a list for a text",
            MAIL,
            "to: str, subject",
            "to: list[str], subject",
            "parameter-narrowed",
        ),
        # models
        text(
            "breaking",
            "an enum has another value",
            MODELS,
            carrier,
            carrier.replace('"post"', '"mail"'),
            "parameter-narrowed",
        ),
        text(
            "breaking",
            "an enum has a value less",
            MODELS,
            carrier,
            '    COURIER = "courier"\n',
            "parameter-narrowed",
        ),
        text(
            "safe", "an enum has a value more", MODELS, carrier, carrier + '    DRONE = "drone"\n'
        ),
        text(
            "safe",
            "an enum by auto()",
            MODELS,
            carrier,
            "    POST = auto()\n    COURIER = auto()\n",
        ),
        text(
            "safe",
            "members have other names",
            MODELS,
            carrier,
            '    LETTER = "post"\n    BIKE = "courier"\n',
        ),
        text(
            "breaking",
            "a result lacks a field",
            MODELS,
            "    tracking: str\n",
            "",
            "result-narrowed",
        ),
        text(
            "breaking",
            "a result has a field of another name",
            MODELS,
            "    tracking: str\n",
            "    code: str\n",
            "result-narrowed",
        ),
        text(
            "breaking",
            "a field of a result may be null",
            MODELS,
            "    tracking: str\n",
            "    tracking: str | None\n",
            "result-narrowed",
        ),
        text(
            "breaking",
            "a field of a result is a list",
            MODELS,
            "    reserved: int\n",
            "    reserved: list[int]\n",
            "result-narrowed",
        ),
        text(
            "breaking",
            "a field of a result may be missing",
            MODELS,
            "    carrier: str\n",
            "    carrier: 'NotRequired[str]'\n",
            "result-narrowed",
        ),
        text(
            "safe",
            "a result has a field more",
            MODELS,
            "    weight: float\n",
            "    weight: float\n    height: float = 1.0\n",
        ),
        text(
            "safe",
            "a field has a default",
            MODELS,
            "    lines: list[str]\n",
            "    lines: list[str] = field(default_factory=list)\n",
        ),
        text(
            "breaking",
            "a field must be given",
            MODELS,
            "    note: str | None = None\n",
            "    note: str | None\n",
            "parameter-narrowed",
        ),
        text(
            "breaking",
            "a field more must be given",
            MODELS,
            "    lines: list[str]\n",
            "    lines: list[str]\n    total: int\n",
            "parameter-narrowed",
        ),
        text("breaking", "an argument lacks a field", MODELS, "    lines: list[str]\n", ""),
        text(
            "safe",
            "fields in another order",
            MODELS,
            "    open: int\n    lines: list[str]\n",
            "    lines: list[str]\n    open: int\n",
        ),
        text(
            "breaking",
            "a model forbids others",
            MODELS,
            "class Customer(BaseModel):\n",
            "class Customer(BaseModel, extra='forbid'):\n",
            "parameter-narrowed",
        ),
        text(
            "safe",
            "a model has a method",
            MODELS,
            "    email: str | None = None\n",
            "    email: str | None = None\n\n    def first(self) -> str:\n        return self.name.split()[0]\n",
        ),
        text(
            "safe",
            "a model has a title",
            MODELS,
            "class Customer(BaseModel):\n",
            "class Customer(BaseModel):\n    model_config = ConfigDict(title='Customer', frozen=True)\n\n",
        ),
        text(
            "safe",
            "a model has a docstring",
            MODELS,
            "class Customer(BaseModel):\n",
            'class Customer(BaseModel):\n    """Who buys."""\n\n',
        ),
        text(
            "breaking",
            "a model needs a field",
            MODELS,
            "    email: str | None = None\n",
            "    email: str\n",
            "parameter-narrowed",
        ),
        text(
            "breaking",
            "a validator",
            MODELS,
            "    email: str | None = None\n",
            "    email: str | None = None\n\n    @field_validator('name')\n    @classmethod\n    def check(cls, name: str) -> str:\n        if len(name) > 9:\n            raise ValueError\n        return name\n",
            "conversion-changed",
        ),
        text(
            "breaking",
            "a hook of a dataclass",
            MODELS,
            "    note: str | None = None\n",
            "    note: str | None = None\n\n    def __post_init__(self) -> None:\n        assert self.open > 0\n",
            "conversion-changed",
        ),
        text(
            "safe",
            "a serialiser of what is only read",
            MODELS,
            "    email: str | None = None\n",
            "    email: str | None = None\n\n    @field_serializer('name')\n    def written(self, name: str) -> str:\n        return name.upper()\n",
        ),
        text(
            "breaking",
            "the result of a child lacks a field",
            MODELS,
            "    total: Money\n",
            "",
            "child-result-changed",
        ),
        text(
            "safe",
            "the result of a child has a field more",
            MODELS,
            "    at: datetime\n",
            "    at: datetime\n    by: str = 'us'\n",
        ),
        text(
            "breaking",
            "the annotation of a model is gone",
            BILL,
            "contact: Customer | None = None",
            "contact=None",
            "annotation-removed",
        ),
        text("safe", "the annotation of a number is gone", ORDERS, "copies: int = 1", "copies=1"),
        text(
            "breaking",
            "the annotation of a date is gone",
            AUDIT,
            "def gather(day: dt.date)",
            "def gather(day)",
            "annotation-removed",
        ),
        # errors
        text(
            "breaking",
            "an error is another",
            ORDERS,
            "        raise CardRefused\n",
            "        raise RuntimeError\n",
            "error-type-removed",
        ),
        text(
            "breaking",
            "an error has another name, imported as before",
            ERRORS,
            'class CardRefused(ShopError):\n    """The card."""',
            'class CardDeclined(ShopError):\n    """The card."""\n\n\nCardRefused = CardDeclined',
            "error-type-removed",
        ),
        text(
            "safe",
            "an error has another base",
            ERRORS,
            "class CardRefused(ShopError)",
            "class CardRefused(ShopError, LookupError)",
        ),
        several(
            "safe",
            "an error moved, imported back",
            text(
                "safe",
                "",
                ERRORS,
                'class CardRefused(ShopError):\n    """The card."""',
                "from shop.cards import CardRefused",
            ),
            new_file("shop/cards.py", "class CardRefused(Exception):\n    pass\n"),
        ),
        text(
            "safe",
            "an error that nothing names",
            ERRORS,
            "class OutOfStock(ShopError):",
            "class OutOfStock(ShopError, ValueError):",
        ),
        text(
            "safe",
            "an error raised by a helper",
            PAY,
            "    if amount > 1_000:\n        raise errors.CardRefused(payer)",
            "    _check(payer, amount)\n\n\ndef _check(payer: str, amount: int) -> None:\n    if amount > 1_000:\n        raise errors.CardRefused(payer)",
        ),
        # steps, as text
        text(
            "breaking",
            "a child has another id",
            QUEUES,
            "workflow_id: payment-${order_id}",
            "workflow_id: paying-${order_id}",
            "workflow-id-changed",
        ),
        text(
            "breaking",
            "a child has its declared id",
            QUEUES,
            "            workflow_id: payment-${order_id}\n",
            "",
            "workflow-id-changed",
        ),
        text(
            "safe",
            "a child has the same id",
            QUEUES,
            "workflow_id: payment-${order_id}",
            "workflow_id: ${'payment-' + order_id}",
        ),
        text(
            "breaking",
            "a step on another task queue",
            QUEUES,
            "task_queue: printers-${region}",
            "task_queue: printers",
            "activity-task-queue-changed",
        ),
        text(
            "safe",
            "a step on the same task queue",
            QUEUES,
            "task_queue: printers-${region}",
            "task_queue: ${'printers-' + region}",
        ),
        several(
            "safe",
            "a local has another name",
            text("safe", "", QUEUES, "        as: parcel", "        as: box"),
            text("safe", "", QUEUES, "${parcel.tracking}", "${box.tracking}"),
        ),
        several(
            "safe",
            "a loop has another name",
            text("safe", "", QUEUES, "        item: line\n", "        item: row\n"),
            text("safe", "", QUEUES, 'sku: "${line}"', 'sku: "${row}"'),
            text("safe", "", QUEUES, "summary: Pack ${line}", "summary: Pack"),
        ),
        several(
            "safe",
            "a child's result under another name",
            text("safe", "", QUEUES, "            as: payment", "            as: paid"),
            text("safe", "", QUEUES, 'paid: "${payment}"', 'paid: "${paid}"'),
        ),
        text(
            "safe",
            "the result has a field more",
            QUEUES,
            "return: {status: refused, paid: 0}",
            "return: {status: refused, paid: 0, why: card}",
        ),
        text("safe", "a shorter wait", QUEUES, "        timeout: 1h", "        timeout: 30m"),
        text("safe", "mail says something else", QUEUES, "subject: done", "subject: ready"),
        text(
            "safe",
            "a caught error more",
            QUEUES,
            "error_types: [CardRefused]\n            steps",
            "error_types: [CardRefused, timeout]\n            steps",
        ),
    ]


def _by_hand() -> list[Operator]:
    call = '            await workflow.execute_activity(\n                "store_turn", args=[text, turn], start_to_close_timeout=TIMEOUT\n            )\n'
    return [
        text("breaking", "class: a call less", FLOWS, call, "", "class-edited"),
        text("breaking", "class: a call more", FLOWS, call, call + call, "class-edited"),
        text(
            "breaking",
            "class: another condition",
            FLOWS,
            "if self.stopped",
            "if not self.stopped",
            "class-edited",
        ),
        text(
            "breaking",
            "class: a timer less",
            FLOWS,
            "            await workflow.sleep(pause(number))\n",
            "",
            "class-edited",
        ),
        text(
            "breaking",
            "class: code it uses",
            "shop/prompts.py",
            "return PAUSE * number",
            "return max(PAUSE, number)",
            "class-edited",
        ),
        text(
            "breaking",
            "class: a constant it uses",
            "shop/settings.py",
            "PAUSE = 2.0",
            "PAUSE = 20.0",
            "class-edited",
        ),
        text("safe", "class: a constant beside", "shop/settings.py", '"red"', '"green"'),
        text(
            "safe",
            "class: a function beside",
            "shop/prompts.py",
            "def unused(number: int) -> int:\n    return number",
            "def unused(number: int) -> int:\n    return -number",
        ),
        text(
            "safe",
            "class: a longer timeout",
            FLOWS,
            '"run_turn", args=[text, number], start_to_close_timeout=TIMEOUT',
            '"run_turn", args=[text, number], start_to_close_timeout=2 * TIMEOUT',
        ),
        text(
            "safe",
            "class: another log line",
            FLOWS,
            'workflow.logger.info("turn %s", number)',
            'workflow.logger.warning("turn %s is done", number)',
        ),
        text(
            "safe",
            "class: comments",
            FLOWS,
            "        for number",
            "        # One turn after the other.\n        for number",
        ),
        text(
            "safe",
            "class: other line breaks",
            FLOWS,
            '"run_turn", args=[text, number], start',
            '"run_turn",\n                args=[\n                    text,\n                    number,\n                ],\n                start',
        ),
        several(
            "safe",
            "class: code it uses has moved",
            text(
                "safe",
                "",
                "shop/prompts.py",
                "def pause(number: int) -> float:\n    return PAUSE * number\n",
                "from shop.pauses import pause\n",
            ),
            new_file(
                "shop/pauses.py",
                "from shop.settings import PAUSE\n\n\ndef pause(number: int) -> float:\n    return PAUSE * number\n",
            ),
        ),
        text(
            "safe",
            "class: the body of an activity",
            AGENT,
            "    print(turn.text)",
            "    print(turn.text, turn.tokens)",
        ),
        text(
            "safe",
            "class: a parameter more at the end",
            AGENT,
            "turn: Turn) -> None",
            "turn: Turn, keep: bool = True) -> None",
        ),
        text(
            "breaking",
            "class: parameters exchanged",
            AGENT,
            "conversation: str, turn: Turn",
            "turn: Turn, conversation: str",
            "parameter-moved",
        ),
        text(
            "breaking",
            "class: a parameter less",
            AGENT,
            "conversation: str, turn: Turn",
            "conversation: str",
            "parameter-removed",
        ),
        text(
            "breaking",
            "class: another type",
            AGENT,
            "conversation: str, turn: Turn",
            "conversation: str, turn: str",
            "parameter-narrowed",
        ),
        text(
            "breaking",
            "class: a field more is needed",
            AGENT,
            "    tokens: int = 0",
            "    tokens: int",
        ),
        text(
            "breaking",
            "class: a result of another kind",
            AGENT,
            "-> Turn:\n    return Turn(text=conversation)",
            "-> str:\n    return conversation",
            "result-narrowed",
        ),
        text(
            "breaking",
            "class: a steps workflow instead",
            QUEUES,
            "    workflow_class: shop.flows:AgentLoop\n",
            "    steps: [{log: x}, {return: 1}]\n",
            "class-changed",
            "activity-removed",
        ),
        several(
            "safe",
            "class: renamed and external",
            text(
                "safe",
                "",
                QUEUES,
                "  agent:\n    version: 1",
                "  agent:\n    version: 2\n    draining: {1: external}",
            ),
            text("safe", "", FLOWS, "class AgentLoop", "class AgentLoop2"),
            text("safe", "", QUEUES, "shop.flows:AgentLoop", "shop.flows:AgentLoop2"),
        ),
        several(
            "breaking",
            "class: edited with a bump that drains here",
            text(
                "safe",
                "",
                QUEUES,
                "  agent:\n    version: 1",
                "  agent:\n    version: 2\n    draining: [1]",
            ),
            text("safe", "", FLOWS, call, ""),
            codes=("class-edited",),
        ),
    ]


def _locks() -> list[Operator]:
    base = "requirements/base.txt"
    return [
        text(
            "breaking",
            "tqrun in a requirement",
            base,
            "tqrun[metrics]==1.4.0",
            "tqrun[metrics]==2.0.0",
            "runtime-upgraded",
        ),
        text(
            "breaking",
            "CEL in a requirement",
            base,
            "cel-expr-python==0.1.0",
            "cel-expr-python==0.2.0",
            "runtime-upgraded",
        ),
        text(
            "breaking",
            "tqrun in the project",
            "pyproject.toml",
            "tqrun==1.4.0",
            "tqrun~=1.5",
            "runtime-upgraded",
        ),
        text("breaking", "tqrun in the Pipfile", "Pipfile", '"==1.4.0"', '"*"', "runtime-upgraded"),
        text("safe", "another package", base, "httpx==0.27.0", "httpx==0.30.0"),
        text(
            "safe",
            "hashes",
            base,
            "tqrun[metrics]==1.4.0",
            "tqrun[metrics]==1.4.0 \\\n    --hash=sha256:00",
        ),
        text("safe", "a comment in the requirements", base, "httpx", "# pinned\nhttpx"),
        text(
            "safe",
            "a new name of the project",
            "pyproject.toml",
            'version = "1.0"',
            'version = "1.1"',
        ),
        text(
            "safe",
            "a tool in the project",
            "pyproject.toml",
            "[project]",
            "[tool.ruff]\nline-length = 99\n\n[project]",
        ),
        new_file("docs/readme.md", "# Shop\n"),
        new_file("tests/test_orders.py", "def test_it() -> None:\n    pass\n"),
    ]
