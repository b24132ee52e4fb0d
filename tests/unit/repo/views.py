"""Which tests of the suites look behind the API: found in their source, by what their assertions are made of.

A look is a host that does something (``host.run``, ``host.service(…)``), a row of a database, what a server shows of
itself on its host (``server.domain``), or something that outlives an upgrade (``persistent.…``). It counts where it
reaches an assertion: itself, by a name, through a fixture, or through a function of the same file or of core.orphans.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

#: What a server shows of itself on its host.
_OF_SERVER = frozenset({"domain", "inactive_domain", "affinity", "pid"})
_OF_DATABASE = frozenset({"row", "rows"})
#: What is known of a host without a look at it.
_NO_LOOK = frozenset({"name", "address", "services", "roles", "computes", "controllers", "running"})
#: What stands behind the API: hosts, and the databases of OVN.
_HOSTS = frozenset({"Host", "Hosts", "Service", "Ovn"})
#: What outlives an upgrade, evidence around one, which is taken on the hosts, and what was observed all the time.
_OF_UPGRADE = frozenset({"persistent", "release", "health", "window", "timeline"})
_ROOM = "pytest_whitebox.core.orphans"
#: Fails unless its condition comes true.
_WAITS = "wait_for"


class Suite:
    """One file of tests."""

    def __init__(self, path: Path) -> None:
        self.path = path
        tree = ast.parse(path.read_text())
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._fields = frozenset(_fields(tree))
        self._imported = frozenset(_imported(tree))

    @property
    def tests(self) -> list[str]:
        """The names of its tests."""
        return [name for name in self._functions if name.startswith("test_")]

    @property
    def blind(self) -> list[str]:
        """Those of them in which no assertion rests on a look behind the API."""
        return [name for name in self.tests if not self._proves(self._functions[name], frozenset())]

    @cached_property
    def _looking(self) -> frozenset[str]:
        """The functions and fixtures that look, or use one that does."""
        found = self._imported
        while True:
            more = self._imported | frozenset(
                name for name, node in self._functions.items() if _looks(node, found, _rooted(node, self._fields))
            )
            if more == found:
                return found
            found = more

    def _proves(self, function: ast.FunctionDef, called: frozenset[str]) -> bool:
        """True if an assertion of the function, or of one that it calls, is made of a look."""
        names = self._tainted(function)
        if any(_looks(node, names, _rooted(function, self._fields)) for node in _assertions(function)):
            return True
        calls = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} & set(self._functions) - called
        return any(self._proves(self._functions[name], called | {function.name}) for name in calls - {function.name})

    def _tainted(self, function: ast.FunctionDef) -> frozenset[str]:
        """The names that hold what was looked at."""
        hosts = _rooted(function, self._fields)
        names = self._looking & ({one.arg for one in function.args.args} - hosts | {*self._functions, *self._imported})
        while True:
            more = names | {
                name for value, targets in _bindings(function) if _looks(value, names, hosts)
                for target in targets for name in _names(target)
            }  # fmt: skip
            if more == names:
                return names
            names = frozenset(more)


def _looks(node: ast.AST, names: frozenset[str], hosts: frozenset[str]) -> bool:
    """True if a part of it is a look, or one of the names that hold one."""
    return any(_is_look(part, names, hosts) for part in ast.walk(node))


def _is_look(part: ast.AST, names: frozenset[str], hosts: frozenset[str]) -> bool:
    if isinstance(part, ast.Name):
        return part.id in names
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in _OF_UPGRADE:
        return True
    if not isinstance(part, ast.Attribute):
        return False
    if isinstance(part.value, ast.Name) and part.value.id in _OF_UPGRADE:
        return True
    at_host = part.attr not in _NO_LOOK and _is_host(part.value, hosts)
    return part.attr in _OF_SERVER or part.attr in _OF_DATABASE or at_host


def _is_host(node: ast.AST, hosts: frozenset[str]) -> bool:
    """True for ``host``, ``hosts["a"]``, ``hosts.computes[0]``, ``server.host``, ``cloud.hosts…``."""
    if isinstance(node, ast.Name):
        return node.id in hosts
    if isinstance(node, ast.Subscript):
        return _is_host(node.value, hosts)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "running" and _is_host(node.func.value, hosts)
    if isinstance(node, ast.Attribute):
        return node.attr in ("host", "hosts", *hosts) or (
            node.attr in ("computes", "controllers") and _is_host(node.value, hosts)
        )
    return False


def _rooted(function: ast.FunctionDef, fields: frozenset[str]) -> frozenset[str]:
    """The names of hosts in a function: fields and arguments by their type, and what is taken from them."""
    typed = fields | {one.arg for one in function.args.args if _type(one.annotation) in _HOSTS}
    while True:
        more = typed | {
            name for value, targets in _bindings(function) if _is_host(value, frozenset(typed))
            for target in targets for name in _names(target)
        }  # fmt: skip
        if more == typed:
            return frozenset(typed)
        typed = more


def _fields(tree: ast.Module) -> Iterator[str]:
    """The fields of the file's classes that are hosts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _type(node.annotation) in _HOSTS:
            yield node.target.id


def _imported(tree: ast.Module) -> Iterator[str]:
    """The functions that look, of the room that has those which others use, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_ROOM):
            yield from (alias.name for alias in node.names if alias.name.islower())


def _type(annotation: ast.expr | None) -> str:
    return annotation.id if isinstance(annotation, ast.Name) else ""


def _bindings(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, list[ast.expr]]]:
    """Each value that gets names, with the names."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield node.value, node.targets
        elif isinstance(node, ast.NamedExpr | ast.AugAssign):
            yield node.value, [node.target]
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.iter, [node.target]
        elif isinstance(node, ast.FunctionDef) and node is not function:
            yield node, [ast.Name(node.name)]
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield node.context_expr, [node.optional_vars]


def _names(target: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _assertions(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What fails the test if it is not so."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _WAITS:
            yield node
