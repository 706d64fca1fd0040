"""A plan as a Mermaid flowchart, with the steps marked that another plan does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher

from tqrun.plan import model as plan

_LABEL_CHARACTERS = 40


def diagram(before: plan.Plan, after: plan.Plan) -> list[str]:
    """The lines of a flowchart of *after*; steps that *before* has not are marked as changed."""
    drawing = _Drawing(set(_new_steps(before.steps, after.steps)))
    drawing.lines.append("flowchart TD")
    last = drawing.block(after.steps, "start((start))")
    drawing.edge(last, "done((end))")
    return [*drawing.lines, "  classDef changed fill:#fff3bf,stroke:#e67700,color:#000"]


def _new_steps(before: plan.Steps, after: plan.Steps) -> Iterator[int]:
    """The identities of the steps of *after* that *before* does not have in that order."""
    old, new = [plan.step_text(step) for step in before], [plan.step_text(step) for step in after]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset, step in enumerate(after[j1:j2]):
            yield id(step)
            twin = before[i1 + offset] if i1 + offset < i2 else None
            inner_old = [*plan.inner(twin)] if type(twin) is type(step) else []
            for number, (_, inner) in enumerate(plan.inner(step)):
                known = inner_old[number][1] if number < len(inner_old) else ()
                yield from _new_steps(known, inner)


class _Drawing:
    def __init__(self, changed: set[int]) -> None:
        self.lines: list[str] = []
        self._changed = changed
        self._count = 0

    def block(self, steps: plan.Steps, before: str, label: str = "") -> str:
        """Draw *steps* after the node *before*; the last node."""
        for step in steps:
            node = self._node(step)
            self.edge(before, node, label)
            label = ""
            before = self._inside(step, node)
        return before

    def edge(self, first: str, second: str, label: str = "") -> None:
        arrow = f"-->|{label}|" if label else "-->"
        self.lines.append(f"  {first} {arrow} {second}")

    def _node(self, step: plan.Step) -> str:
        self._count += 1
        text = _label(step).replace('"', "'")[:_LABEL_CHARACTERS]
        shape = f'{{"{text}"}}' if isinstance(step, plan.If | plan.Loop) else f'["{text}"]'
        mark = ":::changed" if id(step) in self._changed else ""
        return f"n{self._count}{shape}{mark}"

    def _inside(self, step: plan.Step, node: str) -> str:
        """Draw what is inside *step*; the node from which the next one follows."""
        name = node.partition("{")[0].partition("[")[0]
        parts = [*plan.inner(step)]
        if not parts:
            return name
        self._count += 1
        after = f"n{self._count}(( ))"
        for label, inner in parts:
            last = self.block(inner, name, label)
            if isinstance(step, plan.Loop | plan.Foreach):
                self.edge(last, name, "next")
            elif not isinstance(inner[-1], plan.Return | plan.Fail):
                self.edge(last, after)
        if isinstance(step, plan.Loop | plan.Foreach | plan.If):
            self.edge(name, after, "else" if isinstance(step, plan.If) else "done")
        return after.partition("(")[0]


def _label(step: plan.Step) -> str:
    """What a reader of the diagram calls *step*."""
    match step:
        case plan.Call():
            return step.activity
        case plan.Child():
            return f"workflow {step.workflow}"
        case plan.If() | plan.Loop():
            kind = "" if isinstance(step, plan.If) else "until " if step.until else "while "
            return f"{kind}{_expression(step.condition)}"
        case plan.Foreach():
            return f"foreach {_expression(step.items)}"
        case plan.Sleep():
            return f"sleep {step.until or step.duration}"
        case plan.Wait():
            return f"wait for {', '.join(step.signals)}"
        case plan.Set():
            return f"set {', '.join(step.values)}"
    return step.kind


def _expression(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.removeprefix("${").removesuffix("}")
