"""What CEL says about an expression, in the words of the queues file."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PROBLEM = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
NO_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_NO_FIELDS_AT_ALL = re.compile(r"expression of type '([^']*)' cannot be the operand of a select")
_NO_LIST = re.compile(r"expression of type '([^']*)' cannot be the range of a comprehension")
_UNEXPECTED = re.compile(r"Syntax error: (?:mismatched input|extraneous input) '([^']*)'")
_UNKNOWN_SIGN = re.compile(r"Syntax error: token recognition error at: '([^']*)'")
_NO_ALTERNATIVE = re.compile(r"Syntax error: no viable alternative at input '([^']*)'")
PYTHON = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "None": "null",
    "True": "true",
    "False": "false",
}
"""What a Python user writes, and what it is here."""
CHOICE = "_?_:_"


def problems(problem: str, source: str) -> Iterator[tuple[int, str]]:
    """Each of CEL's errors: the character of *source* that it points at, and what it says."""
    lines = source.split("\n")
    for match in _PROBLEM.finditer(problem):
        line, column, message = int(match[1]), int(match[2]), match[3]
        yield sum(len(text) + 1 for text in lines[: line - 1]) + column - 1, message


_TYPES = {
    "int": "integer",
    "double": "number",
    "bool": "boolean",
    "null_type": "null",
    "dyn": "anything",
    "google.protobuf.StringValue": "string?",
    "wrapper(string)": "string?",
    "wrapper(int)": "integer?",
    "wrapper(double)": "number?",
    "wrapper(bool)": "boolean?",
}


def in_plain_words(message: str) -> str:
    """One of CEL's messages in the words of the queues file."""
    if match := NO_OVERLOAD.search(message):
        return _no_overload(match[1], [_type_in_words(one) for one in split_types(match[2])])
    if match := _NO_FIELDS_AT_ALL.search(message):
        return f"{_type_in_words(match[1])} has no fields"
    if match := _NO_LIST.search(message):
        return f"{_type_in_words(match[1])} is no list to loop over"
    if match := _UNKNOWN_SIGN.search(message):
        return f'"{match[1]}" means nothing in an expression'
    if match := _UNEXPECTED.search(message) or _NO_ALTERNATIVE.search(message):
        if match[1] == "<EOF>":
            return "it ends too early"
        hint = f"; write {PYTHON[match[1]]}" if match[1] in PYTHON else ""
        return f'"{match[1]}" is not expected here{hint}'
    text = message.removeprefix("Syntax error: ").partition(" expecting {")[0].strip()
    return text[:1].lower() + text[1:]


def _no_overload(operator: str, given: list[str]) -> str:
    """What an operator or a function says to values of types that it does not take."""
    if operator == CHOICE and given[0] != "boolean":
        return f"what stands before ? must be a boolean, not {given[0]}"
    if operator == CHOICE:
        return f"both results of ? : must be of one type, not {given[1]} and {given[2]}"
    if operator == "_[_]":
        return f"{given[0]} has no item [{given[1]}]"
    hint = ""
    if any("optional" in one for one in given):
        hint = "; write .orValue(…) after it"
    elif {"integer", "number"} <= set(given):
        hint = "; convert one, for example with double(…)"
    elif "string" in given and operator == "_+_":
        hint = "; convert with string(…), or write the text around ${…}"
    return f'"{operator.strip("_@")}" does not take {" and ".join(given) or "no value"}{hint}'


def _type_in_words(name: str) -> str:
    name = name.strip()
    if name.startswith("list("):
        return f"a list of {_type_in_words(name[5:-1])}"
    if name.startswith(("map(", "tqrun.")):
        return "object"
    if name.startswith("optional_type("):
        return "optional"
    if name.startswith("type("):
        return "type"
    return _TYPES.get(name, name)


def split_types(text: str) -> list[str]:
    """`int, map(string, dyn)` in two."""
    found, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            found.append(text[start:position])
            start = position + 1
    return [part for part in [*found, text[start:]] if part.strip()]
