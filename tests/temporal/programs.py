"""Small random workflows: a seed gives one program, and every run of it the same result.

What a program does in concurrent code depends on no order there: it takes no signal, and at most
one branch of a parallel step may fail.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Json = dict[str, Any]

INPUT: Json = {
    "numbers": {"type": "array", "items": {"type": "integer"}},
    "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
    "word": {"type": "string"},
}
ACTIVITIES = ("double", "spell", "spread", "table", "picky")
MAX_DEPTH = 3
MAX_STEPS = 14
"""Of one program, those inside others counted; it bounds how much a run can do."""


def queues_file(queue: str, seeds: range) -> Json:
    """A queues file with one workflow for each of *seeds*."""
    # A task that a worker took while it was being stopped is seen to be lost at the timeout.
    policy = {"maximum_attempts": 5, "non_retryable_error_types": ["ValueError", "LookupError"]}
    options = {"start_to_close_timeout": "10s", "retry_policy": policy}
    activities = {
        name: {"function": f"tests.temporal.functions:{name}", **options} for name in ACTIVITIES
    }
    workflows = {name_of(seed): program(queue, seed) for seed in seeds}
    return {"queues": {queue: {"version": 1, "activities": activities, "workflows": workflows}}}


def name_of(seed: int) -> str:
    return f"program_{seed}"


def program(queue: str, seed: int) -> Json:
    """The workflow of *seed*."""
    return {
        "workflow_id": f"{queue}-{seed}-${{word}}",
        "input": INPUT,
        "signals": {"note": {"text": "string"}},
        "steps": _Generator(Random(seed)).steps(),
    }


def arguments(seed: int) -> Json:
    """An input for the program of *seed*."""
    chance = Random(f"input {seed}")
    names = chance.sample(["k", "c", "x", "aa", "b", "zz"], chance.randint(0, 4))
    return {
        "numbers": [chance.randint(0, 20) for _ in range(chance.randint(0, 4))],
        "counts": {name: chance.randint(0, 9) for name in names},
        "word": chance.choice(["", "w", "a b", "é"]) + str(seed),
    }


class _Generator:
    """One program on its way.

    `a`, `b`, `text` and `found` are set at the start and written by sequential code only;
    concurrent code keeps to names of its own, which its last step reads.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._count = 0
        self._left = MAX_STEPS
        self._items: list[str] = []
        self._concurrent = 0
        self._may_fail = True
        self._fail_types = ["ValueError", "LookupError", "loop_limit"]

    def steps(self) -> list[Any]:
        first = {"a": self._chance.randint(0, 9), "b": 1, "text": "t", "found": [3, 1]}
        body = self._block(0)
        names = ("a", "b", "text", "found")
        last = {"return": {name: f"${{{name}}}" for name in names}}
        return [{"set": first}, *body, *self._poll(0), last]

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    # Expressions

    def _number(self) -> str:
        known = ["a", "b", *self._items, str(self._chance.randint(0, 9)), "size(numbers)"]
        one, other = self._chance.choice(known), self._chance.choice(known)
        return self._pick(one, f"({one} * 3 + {other}) % 100", f"max({one}, {other})", "sum(found)")

    def _condition(self) -> str:
        return self._pick(
            f"${{{self._number()} % 2 == 0}}",
            f"${{{self._number()} > {self._number()}}}",
            "${size(text) < 6}",
            "${numbers.exists(n, n > 10)}",
        )

    def _list(self) -> Any:
        return self._pick(
            "${numbers}",
            "${found}",
            "${keys(counts).map(k, counts[k])}",
            "${values(counts)}",
            f"${{range({self._number()} % 4)}}",
            f"${{chunk(numbers, 2).map(c, sum(c) + {self._number()})}}",
        )

    # Steps

    def _block(self, depth: int) -> list[Any]:
        body: list[Any] = []
        for _ in range(self._chance.randint(1, 4 if depth == 0 else 3)):
            if self._left > 0:
                self._left -= 1
                body += self._step(depth)
        return body or self._sleep(depth)

    def _step(self, depth: int) -> list[Any]:
        simple: list[Callable[[int], list[Any]]] = [self._call, self._sleep]
        if not self._concurrent:
            simple += [self._call, self._set, self._poll, self._lists]
        nested: list[Callable[[int], list[Any]]] = [self._try, self._foreach, self._foreach]
        nested += [self._parallel]
        if not self._concurrent:
            nested += [self._if, self._loop, self._each, self._each]
        if self._may_fail:
            simple.append(self._fail)
        choices = simple + nested * 2 if depth < MAX_DEPTH else simple
        return self._chance.choice(choices)(depth)

    def _call(self, _: int) -> list[Any]:
        if self._concurrent:
            result = self._name("r")
            call = {"activity": "double", "with": {"number": f"${{{self._number()}}}"}}
            return [{**call, "as": result}, {"log": f"${{{result}}}", "level": "debug"}]
        kind = self._pick("double", "spell", "picky")
        if kind == "spell":
            number = f"${{{self._number()}}}"
            given = {"word": "${text}", "number": number}
            return [{"activity": "spell", "with": given, "as": "text"}]
        given = {"number": f"${{{self._number()}}}"}
        if kind == "double":
            return [{"activity": "double", "with": given, "as": self._pick("a", "b")}]
        if self._chance.random() < 0.3:
            return [{"activity": "picky", "with": given, "as": self._pick("a", "b")}]
        result = self._name("r")
        test = f"${{{result} == null ? -1 : {result}}}"
        call = {"activity": "picky", "with": given, "as": result, "on_error": "continue"}
        return [call, {"set": {"a": test}}]

    def _lists(self, _: int) -> list[Any]:
        given = {"number": f"${{{self._number()}}}"}
        if self._chance.random() < 0.5:
            return [{"activity": "spread", "with": given, "as": "found"}]
        result = self._name("m")
        first = {"activity": "table", "with": given, "as": result}
        keys = f'${{text + keys({result}).join("")}}'
        return [first, {"set": {"found": f"${{values({result})}}", "text": keys}}]

    def _sleep(self, _: int) -> list[Any]:
        return [{"sleep": self._pick("1ms", "3ms", "0s")}]

    def _set(self, _: int) -> list[Any]:
        found = f"${{{self._number()}}}"
        return [
            self._chance.choice(
                [
                    {"set": {"a": "${b}", "b": "${a}"}},
                    {"set": {"a": found}},
                    {"set": {"text": f"${{text + string({self._number()})}}", "b": found}},
                    {"set": {"found": [found, "${a}", 5]}},
                ]
            )
        ]

    def _poll(self, _: int) -> list[Any]:
        result = self._name("s")
        wait = {"wait_for": "note", "timeout": "0s", "as": result}
        text = f'${{text + ({result} == null ? "-" : {result}.text)}}'
        return [wait, {"set": {"text": text}}]

    def _fail(self, _: int) -> list[Any]:
        kind = self._pick("small", "great")
        self._fail_types.append(kind)
        message = f"failed with ${{{self._number()}}}"
        fail = {"fail": {"message": message, "type": kind}}
        return [{"if": self._condition(), "then": [fail]}]

    def _if(self, depth: int) -> list[Any]:
        step = {"if": self._condition(), "then": self._block(depth + 1)}
        if self._chance.random() < 0.15:
            step["then"] = [*step["then"], {"return": {"early": "${a}"}}]
        if self._chance.random() < 0.6:
            step["else"] = self._block(depth + 1)
        return [step]

    def _loop(self, depth: int) -> list[Any]:
        limit, turn = self._chance.randint(1, 4), self._name("i")
        kind = self._pick("while", "repeat_until")
        end = f"{turn} < {limit}" if kind == "while" else f"{turn} + 1 >= {limit}"
        step: Json = {kind: f"${{{end}}}", "index": turn}
        if self._chance.random() < 0.3:
            on_limit = self._pick("continue", "fail" if self._may_fail else "continue")
            step |= {"max_iterations": 2, "on_limit": on_limit}
        self._items.append(turn)
        step["steps"] = [*self._block(depth + 1), {"sleep": "1ms"}]
        self._items.pop()
        return [step]

    def _each(self, depth: int) -> list[Any]:
        """A sequential foreach, which may write outer names."""
        item, result = self._name("n"), self._name("l")
        step: Json = {"foreach": self._list(), "item": item}
        self._items.append(item)
        if self._chance.random() < 0.5:
            step["index"] = self._name("i")
            self._items.append(step["index"])
        step["steps"] = self._block(depth + 1)
        value = self._pick(f"${{{item}}}", "${a + b}", f"${{[{item}, a]}}")
        self._items = self._items[: -1 - ("index" in step)]
        step |= {"collect": value, "as": result}
        if self._chance.random() < 0.5:
            step["on_error"] = "continue"
        return [step, {"set": {"a": f"${{a + size({result})}}"}}]

    def _foreach(self, depth: int) -> list[Any]:
        """A concurrent foreach, none of whose items can fail its run in more than one way."""
        item, mine, result = self._name("n"), self._name("r"), self._name("l")
        self._items.append(item)
        before, self._may_fail = self._may_fail, False
        self._concurrent += 1
        body = self._block(depth + 1)
        self._concurrent -= 1
        number = f"${{{self._number()}}}"
        self._items.pop()
        self._may_fail = before
        activity = self._pick("double", "picky")
        step = {
            "foreach": self._list(),
            "item": item,
            "max_concurrent": self._chance.choice([2, 3, 10, "${2 + size(numbers) % 2}"]),
            "steps": [*body, {"activity": activity, "with": {"number": number}, "as": mine}],
            "collect": self._pick(f"${{{mine}}}", f"${{{item} + {mine}}}"),
            "as": result,
        }
        if activity == "picky":
            step["on_error"] = "continue"
        if self._concurrent:
            return [step, {"log": f"${{sum({result})}}", "level": "debug"}]
        return [step, {"set": {"found": f"${{{result}}}", "a": f"${{sum({result}) % 1000}}"}}]

    def _parallel(self, depth: int) -> list[Any]:
        before = self._may_fail
        branches, names = {}, []
        for number in range(self._chance.randint(2, 3)):
            self._concurrent += 1
            self._may_fail = before and number == 1
            body = self._block(depth + 1)
            self._concurrent -= 1
            mine = self._name("p")
            names.append(mine)
            given = {"number": f"${{{self._number()}}}"}
            branches[f"branch{number}"] = [
                *body,
                {"activity": "double", "with": given, "as": mine},
            ]
        self._may_fail = before
        total = " + ".join(names)
        if self._concurrent:
            return [{"parallel": branches}, {"log": f"${{{total}}}", "level": "debug"}]
        return [{"parallel": branches}, {"set": {"b": f"${{({total}) % 1000}}"}}]

    def _try(self, depth: int) -> list[Any]:
        before, self._may_fail = self._may_fail, True
        body = self._block(depth + 1)
        self._may_fail = before
        error, step = self._name("e"), {"try": body}
        if self._concurrent:
            step["catch"] = [{"as": error, "steps": [{"log": f"${{{error}.message}}"}]}]
            return [step]
        clauses = []
        noted = f"${{text + {error}.type + {error}.message}}"
        activity = f'${{text + ({error}.activity == null ? "-" : {error}.activity)}}'
        note = {"set": {"text": self._pick(noted, activity)}}
        if self._chance.random() < 0.5:
            types = self._chance.sample(sorted(set(self._fail_types)), 2)
            again: list[Any] = [{"fail": f"${{{error}}}"}] if before else []
            steps = [note, *self._block(depth + 1), *again]
            clauses.append({"error_types": types, "as": error, "steps": steps})
        if not before or self._chance.random() < 0.7:
            when = {} if not before else {"when": f"${{size({error}.message) % 2 == 0}}"}
            clauses.append({**when, "as": error, "steps": [note, *self._block(depth + 1)]})
        if clauses:
            step["catch"] = clauses
        if not clauses or self._chance.random() < 0.4:
            may, self._may_fail = self._may_fail, False
            step["finally"] = [{"set": {"b": "${b + 1}"}}, *self._sleep(depth)]
            self._may_fail = may
        return [step]
