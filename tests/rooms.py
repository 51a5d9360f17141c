# SPDX-License-Identifier: GPL-2.0-only
"""Who imports whom in runner/, as its source says: modules, and the rooms they lie in."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

#: Names of importers, each with the names that it imports.
Graph = Mapping[str, frozenset[str]]


def _name(file: Path, root: Path) -> str:
    parts = file.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(file: Path, modules: Iterable[str]) -> frozenset[str]:
    """Modules among `modules` that a file imports, inside functions as well."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                found.add(whole if whole in modules else str(node.module))
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return frozenset(found & set(modules))


def modules(root: Path) -> Graph:
    """Every module below a package's folder, 'runner.judge.verdict', with what it imports."""
    files = {_name(file, root): file for file in sorted(root.rglob("*.py"))}
    return {name: _imports(file, files) - {name, root.name} for name, file in files.items()}


def room(module: str) -> str:
    """The room of a module: 'judge' of runner.judge.tier.base; of one beside the rooms, its name.

    Of the package itself, ''.
    """
    return (module.split(".") + [""])[1]


def rooms(graph: Graph) -> Graph:
    """The same between rooms, and modules beside the rooms."""
    found: dict[str, set[str]] = {}
    for module, imported in graph.items():
        found.setdefault(room(module), set()).update(map(room, imported))
    return {name: frozenset(others - {name, ""}) for name, others in found.items() if name}


def loop(graph: Graph) -> list[str]:
    """Names that lead back to the first of them, '' at the end not counted; [] for no loop."""
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> list[str]:
        if name in above:
            return [*above[above.index(name):], name]
        if name in done:
            return []
        done.add(name)
        for other in sorted(graph.get(name, ())):
            if way := walk(other, (*above, name)):
                return way
        return []

    for name in sorted(graph):
        if way := walk(name, ()):
            return way
    return []
