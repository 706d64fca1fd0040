"""A plan as a Mermaid flowchart, with the steps marked that another plan does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from difflib import SequenceMatcher

from tqrun.config.values import format_duration
from tqrun.plan import model as plan

_LABEL_CHARACTERS = 40
_ENTITIES = {character: f"#{ord(character)};" for character in '"#<>`'}


def diagram(before: plan.Plan, after: plan.Plan) -> list[str]:
    """The lines of a flowchart of *after*; steps that *before* has not are marked as changed."""
    drawing = _Drawing(set(_new_steps(before.steps, after.steps)))
    drawing.lines.append("flowchart TD")
    last = drawing.block(after.steps, 'start(("start"))')
    drawing.edge(last, 'done(("end"))')
    return [*drawing.lines, "  classDef changed fill:#fff3bf,stroke:#e67700,color:#000"]


def _new_steps(before: plan.Steps, after: plan.Steps) -> Iterator[int]:
    """The identities of the steps of *after* that *before* does not have in that order."""
    old, new = [plan.step_text(step) for step in before], [plan.step_text(step) for step in after]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone = [*before[i1:i2]]
        for step in after[j1:j2]:
            yield id(step)
            twin = next((one for one in gone if type(one) is type(step)), None)
            known = dict(plan.inner(twin)) if twin is not None else {}
            if twin is not None:
                gone.remove(twin)
            for name, inner in plan.inner(step):
                yield from _new_steps(known.get(name, ()), inner)


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
        arrow = f'-->|"{_escaped(label)}"|' if label else "-->"
        self.lines.append(f"  {first} {arrow} {second}")

    def _node(self, step: plan.Step) -> str:
        self._count += 1
        text = _escaped(_label(step))
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
        if isinstance(step, plan.Loop | plan.Foreach):
            self.edge(name, after, "done")
        elif isinstance(step, plan.If) and not step.otherwise:
            self.edge(name, after, "else")
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
            return f"sleep {step.until or _duration(step.duration)}"
        case plan.Wait():
            return f"wait for {', '.join(step.signals)}"
        case plan.Set():
            return f"set {', '.join(step.values)}"
    return step.kind


def _duration(seconds: object) -> str:
    return (
        format_duration(timedelta(seconds=seconds)) if isinstance(seconds, float) else f"{seconds}"
    )


def _escaped(text: str) -> str:
    """*text* within quotes in Mermaid's language, shortened."""
    short = text if len(text) <= _LABEL_CHARACTERS else f"{text[: _LABEL_CHARACTERS - 1]}…"
    return "".join(_ENTITIES.get(character, character) for character in short).replace("\n", " ")


def _expression(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.removeprefix("${").removesuffix("}")
