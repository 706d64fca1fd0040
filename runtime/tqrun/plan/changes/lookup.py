"""Where a name of a revision's source comes from, imports within the project followed.

It keeps the text of every file that it looks into, so that somebody can tell later whether what
an answer rests on is as it was.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

from tqrun.plan.changes.modules import Function, Module, assigned, files, named
from tqrun.plan.changes.revision import Revision

DEPTH = 12
"""Imports, or annotations in annotations, that are followed; what is deeper is left open."""


_BUILTINS = frozenset(dir(builtins))


class Unknown(Exception):
    """A name that the text does not explain."""


class Unparsable(Unknown):
    """A module of the project is not Python."""

    def __init__(self, module: Module) -> None:
        """Keep the *module*."""
        super().__init__(module.file)
        self.module = module


def imported_as(node: ast.ImportFrom, name: str) -> str:
    """What a module calls the thing that *node* imports as *name*."""
    return next(one.name for one in node.names if (one.asname or one.name) == name)


@dataclass
class Lookup:
    """Finds names in one revision.

    Attributes:
        seen: The text of each file that was looked for, None where there is none.
    """

    revision: Revision
    seen: dict[str, bytes | None] = field(default_factory=dict)
    _modules: dict[str, Module | None] = field(default_factory=dict)

    def module(self, name: str) -> Module | None:
        """The module of the project that is called *name*."""
        if name not in self._modules:
            self._modules[name] = self._parsed(name)
        found = self._modules[name]
        for file in files(name):
            self.seen[file] = found.text if found is not None and found.file == file else None
        return found

    def _parsed(self, name: str) -> Module | None:
        for file in files(name):
            text = self.revision.file(file)
            if text is not None:
                tree, found = named(text)
                return Module(name, file, text, found, tree)
        return None

    def has_no_more(self, module_name: str, depth: int = 0) -> bool:
        """Whether the module is there, and all that it defines is to be seen in its text."""
        module = self.module(module_name)
        if module is None or not module.is_plain or depth > DEPTH:
            return False
        return all(self.has_no_more(one, depth + 1) for one in module.stars)

    def is_certain(self, module_name: str, name: str, depth: int = 0) -> bool:
        """Whether *name* is there whichever branches are run, imports followed."""
        module = self.module(module_name)
        if module is None or depth > DEPTH:
            return True
        node = next(reversed(module.names.get(name, ())), None)
        if node is None:
            return True
        if not module.is_certain(name):
            return False
        if isinstance(node, ast.ImportFrom):
            return self.is_certain(module.absolute(node), imported_as(node, name), depth + 1)
        return True

    def definition(
        self, module_name: str, name: str, depth: int = 0
    ) -> tuple[Module, ast.stmt | ast.expr] | None:
        """The module and the statement that define *name*, or the value that it stands for.

        Raises:
            Unknown: Branches of the module define it, and not alike.
        """
        module = self.module(module_name)
        if module is None or depth > DEPTH:
            return None
        if module.tree is None:
            raise Unparsable(module)
        nodes = module.names.get(name, ())
        if not nodes:
            return self._by_star(module, name, depth)
        found = [self._followed(module, node, name, depth) for node in nodes]
        if len(found) > 1 and len({one and _essence(one[1]) for one in found}) > 1:
            raise Unknown
        return found[-1] if found else None

    def _by_star(
        self, module: Module, name: str, depth: int
    ) -> tuple[Module, ast.stmt | ast.expr] | None:
        for source in module.stars:
            home = self.module(source)
            if home is not None and home.exports(name):
                found = self.definition(source, name, depth + 1)
                if found is not None:
                    return found
        return None

    def function(
        self, module_name: str, name: str, depth: int = 0
    ) -> tuple[Module, ast.stmt | ast.expr] | None:
        """As `definition`, through assignments of one name to another.

        Raises:
            Unknown: As `definition`.
        """
        found = self.definition(module_name, name)
        if found is None or depth > DEPTH:
            return found
        module, node = found
        if isinstance(node, ast.Name):
            return self.function(module.name, node.id, depth + 1)
        if isinstance(node, ast.Attribute):
            home, _, inner = self.dotted(module, node).rpartition(".")
            return self.function(home, inner, depth + 1) or found
        return found

    def _followed(
        self, module: Module, node: ast.stmt, name: str, depth: int
    ) -> tuple[Module, ast.stmt | ast.expr] | None:
        if isinstance(node, ast.ImportFrom):
            inner = imported_as(node, name)
            return self.definition(module.absolute(node), inner, depth + 1)
        target = assigned(node)
        return module, node if target is None else target[1]

    def imported(self, module: Module, name: str) -> str | None:
        """The dotted name of what *name* stands for, where *module* imports it."""
        node = next(reversed(module.names.get(name, ())), None)
        if isinstance(node, ast.Import):
            return next(
                one.name if one.asname else name
                for one in node.names
                if (one.asname or one.name.partition(".")[0]) == name
            )
        if isinstance(node, ast.ImportFrom):
            return f"{module.absolute(node)}.{imported_as(node, name)}"
        if not module.names.get(name) and len(module.stars) == 1:
            return f"{module.stars[0]}.{name}" if name not in _BUILTINS else None
        return None

    def dotted(self, module: Module, node: ast.expr) -> str:
        """The full name of what is used or called as *node*, as far as imports tell it."""
        text = ast.unparse(node.func if isinstance(node, ast.Call) else node)
        first, dot, rest = text.partition(".")
        return f"{self.imported(module, first) or first}{dot}{rest}"


def _essence(node: ast.stmt | ast.expr) -> str:
    """What callers see of a definition."""
    if isinstance(node, Function):
        parts = [*node.decorator_list, *([node.returns] if node.returns else [])]
        return "\n".join(map(ast.dump, [node.args, *parts]))
    return ast.dump(node)
