# SPDX-License-Identifier: GPL-2.0-only
"""docs/architecture.svg: the rooms of runner/ and who imports whom, drawn from the imports.

    python3 -m tests.map docs/architecture.svg

A room stands above all that it imports.  An arrow is left out where another way leads there.
"""
from __future__ import annotations

import ast
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from runner import paths
from tests import rooms

RUNNER = paths.ROOT / "runner"
#: Modules beside the rooms that import no room, drawn as one.
BASE = "beside the rooms"

_WIDE, _HIGH, _GAP, _STEP, _EDGE = 200, 44, 40, 70, 12
_LETTERS = 32                 # of a line of small print in a box


def graph() -> dict[str, frozenset[str]]:
    """Rooms and modules beside them, those without a room below them folded into BASE."""
    whole = rooms.rooms(rooms.modules(RUNNER))
    low: set[str] = set()
    while more := {name for name, others in whole.items() if name not in low and others <= low
                   and not (RUNNER / name).is_dir()}:
        low |= more
    folded = {name: frozenset(BASE if other in low else other for other in others)
              for name, others in whole.items() if name not in low}
    return {**folded, BASE: frozenset()}


def _reach(whole: dict[str, frozenset[str]], name: str) -> set[str]:
    found: set[str] = set()
    for other in whole[name]:
        found |= {other} | _reach(whole, other)
    return found


def arrows(whole: dict[str, frozenset[str]]) -> list[tuple[str, str]]:
    """Without those that say nothing new."""
    return [(name, other) for name in sorted(whole) for other in sorted(whole[name])
            if not any(other in _reach(whole, third) for third in whole[name] - {other})]


def levels(whole: dict[str, frozenset[str]]) -> list[list[str]]:
    """From the top down; each stands as low as what it imports lets it."""
    height: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in height:
            height[name] = 1 + max((of(other) for other in whole[name]), default=-1)
        return height[name]

    top = max(of(name) for name in whole)
    return [sorted(name for name in whole if height[name] == level)
            for level in range(top, -1, -1)]


def _says(name: str) -> str:
    """The first words of a room's docstring."""
    if name == BASE:
        return "errors, records, paths, TOML"
    place = RUNNER / name / "__init__.py"
    tree = ast.parse((place if place.is_file() else RUNNER / f"{name}.py").read_text("utf-8"))
    said = (ast.get_docstring(tree) or "").splitlines()[0].rstrip(".")
    words = said.split(":")[-1].strip() if len(said.split(":")[-1]) > 12 else said
    while len(words) > _LETTERS:
        words = words.rpartition(" ")[0]
    return words.rstrip(",;:")


def svg() -> str:
    whole = graph()
    rows = levels(whole)
    wide = max(map(len, rows)) * (_WIDE + _GAP) - _GAP + 2 * _EDGE
    place = {}
    for row, names in enumerate(rows):
        left = (wide - len(names) * (_WIDE + _GAP) + _GAP) // 2
        for column, name in enumerate(names):
            place[name] = (left + column * (_WIDE + _GAP), _EDGE + row * _STEP)
    high = (len(rows) - 1) * _STEP + _HIGH + 2 * _EDGE
    drawn = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
             f'width="{wide}" height="{high}" font-family="sans-serif">',
             '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
             'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#666"/></marker></defs>',
             f'<rect width="{wide}" height="{high}" fill="#fff"/>']
    for name, other in arrows(whole):
        (left, top), (to_left, to_top) = place[name], place[other]
        drawn.append(f'<line x1="{left + _WIDE // 2}" y1="{top + _HIGH}" '
                     f'x2="{to_left + _WIDE // 2}" y2="{to_top - 1}" stroke="#999" '
                     'marker-end="url(#tip)"/>')
    for name, (left, top) in sorted(place.items()):
        fill = "#e8eef7" if (RUNNER / name).is_dir() else "#f4f4f4"
        middle = left + _WIDE // 2
        drawn += [f'<rect x="{left}" y="{top}" width="{_WIDE}" height="{_HIGH}" rx="5" '
                  f'fill="{fill}" stroke="#667"/>',
                  f'<text x="{middle}" y="{top + 19}" text-anchor="middle" font-size="14" '
                  f'font-weight="bold">{escape(name)}</text>',
                  f'<text x="{middle}" y="{top + 36}" text-anchor="middle" font-size="11" '
                  f'fill="#333">{escape(_says(name))}</text>']
    return "\n".join([*drawn, "</svg>"]) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(svg(), encoding="utf-8")
