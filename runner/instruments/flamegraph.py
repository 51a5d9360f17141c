# SPDX-License-Identifier: GPL-2.0-only
"""A flame graph: the width of a box is its share of samples, what called it lies below."""
from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WIDTH, ROW, EDGE = 1200, 17, 10
_LETTER = 6.6                    # width of one, at font-size 11
_FEWEST = 7                      # letters worth showing of a name that does not fit
_NARROWEST = 0.4                 # a box below it is left out, with all above it
_DEEPEST = 60

#: By the first letters of a function, so that its boxes look the same in every picture.
_COLOURS = ("#d9b38c", "#e0c080", "#d8a878", "#e6b89c", "#d4b483", "#e3c79a")
_USER = "#a9c7c7"


@dataclass
class _Node:
    count: int = 0
    inner: dict[str, _Node] = field(default_factory=dict)


def _tree(stacks: Mapping[tuple[str, ...], int]) -> _Node:
    root = _Node()
    for stack, count in stacks.items():
        root.count += count
        node = root
        for name in stack[:_DEEPEST]:
            node = node.inner.setdefault(name, _Node())
            node.count += count
    return root


def _boxes(node: _Node, name: str, left: float, depth: int, scale: float
           ) -> Iterator[tuple[str, int, float, float, int]]:
    width = node.count * scale
    if width < _NARROWEST:
        return
    yield name, node.count, left, width, depth
    for inner in sorted(node.inner):
        yield from _boxes(node.inner[inner], inner, left, depth + 1, scale)
        left += node.inner[inner].count * scale


def _colour(name: str) -> str:
    return _USER if name.startswith("[") else _COLOURS[sum(name.encode()[:6]) % len(_COLOURS)]


def svg(stacks: Mapping[tuple[str, ...], int], title: str) -> str:
    """The picture; stacks are outermost first."""
    root = _tree(stacks)
    whole = max(1, root.count)
    boxes = list(_boxes(root, "all", EDGE, 0, (WIDTH - 2 * EDGE) / whole))
    height = (max((box[4] for box in boxes), default=0) + 1) * ROW + 50
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" font-family="monospace" font-size="11">',
             # Black is what a page shows in its own ink, light or dark.
             f'<text x="{EDGE}" y="20" font-size="14" fill="black">{html.escape(title)}</text>']
    for name, count, left, width, depth in boxes:
        top = height - 10 - (depth + 1) * ROW
        told = html.escape(f"{name}: {count} samples, {100 * count / whole:.2f}%")
        parts.append(f'<g><title>{told}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
                     f'height="{ROW - 1}" rx="1" fill="{_colour(name)}"/>')
        letters = int((width - 6) / _LETTER)
        if len(name) <= letters or letters >= _FEWEST:
            shown = name if len(name) <= letters else name[:letters - 2] + ".."
            parts.append(f'<text x="{left + 3:.1f}" y="{top + 12}" font-size="11" '
                         f'fill="#1a1a1a">{html.escape(shown)}</text>')
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])
