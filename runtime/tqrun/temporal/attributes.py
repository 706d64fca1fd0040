"""The search attributes that a file declares, and those that a namespace has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from tqrun.errors import ApplyFailed, AttributeConflict
from tqrun.plan.compile import LaunchPlan

_TYPES: Mapping[str, str] = {
    "string": "KEYWORD",
    "integer": "INT",
    "number": "DOUBLE",
    "boolean": "BOOL",
    "array": "KEYWORD_LIST",
}
_PREFIX = "INDEXED_VALUE_TYPE_"


def declared(launches: Iterable[LaunchPlan]) -> dict[str, str]:
    """Temporal's type of each search attribute that *launches* set.

    Raises:
        AttributeConflict: Two workflows declare one name with two types.
    """
    found: dict[str, tuple[str, str]] = {}
    for launch in launches:
        for name, kind in launch.attribute_types.items():
            first, by = found.setdefault(name, (_TYPES[kind], launch.name))
            if first != _TYPES[kind]:
                raise AttributeConflict(
                    f'search attribute "{name}" is {first} in {by} and {_TYPES[kind]} in '
                    f"{launch.name}; give one of them another name"
                )
    return {name: kind for name, (kind, _) in sorted(found.items())}


async def missing(client: Client, wanted: Mapping[str, str]) -> dict[str, str]:
    """Those of *wanted*, by name and type, that the namespace does not have.

    Raises:
        AttributeConflict: It has one with another type.
        ApplyFailed: The server does not tell.
    """
    if not wanted:
        return {}
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        answer = await client.operator_service.list_search_attributes(request, retry=True)
    except RPCError as error:
        raise ApplyFailed(f"search attributes cannot be listed: {error.message}") from error
    there = {**answer.custom_attributes, **answer.system_attributes}
    wrong = [
        f'search attribute "{name}" is {_name(there[name])} in namespace {client.namespace}, '
        f"not {kind}; give the declared one another name"
        for name, kind in wanted.items()
        if name in there and _name(there[name]) != kind
    ]
    if wrong:
        raise AttributeConflict("\n".join(wrong))
    return {name: kind for name, kind in wanted.items() if name not in there}


async def register(client: Client, wanted: Mapping[str, str]) -> None:
    """Make the namespace have *wanted*; another process may do the same meanwhile.

    Raises:
        AttributeConflict: Another process was quicker, with another type.
        ApplyFailed: The server refused.
    """
    types = {name: IndexedValueType.Value(_PREFIX + kind) for name, kind in wanted.items()}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
    reason = "the server does not have them afterwards"
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        reason = error.message
    # The server answers alike whether it has added them or had them, of whatever type.
    left = await missing(client, wanted)
    if left:
        raise ApplyFailed(f"search attributes {', '.join(left)} were not registered: {reason}")


def _name(kind: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(kind).removeprefix(_PREFIX)
