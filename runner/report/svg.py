# SPDX-License-Identifier: GPL-2.0-only
"""SVG from elsewhere (gnuplot, a flame graph's tool) as a harmless part of an HTML page.

Nothing is passed on as it came: the picture is parsed, elements and
attributes on a list are written anew, everything else is dropped.  No script,
link, style sheet, event or outside reference survives, and names that the
picture uses inside are made its own, since a page holds many.
"""
from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree

from markupsafe import Markup

from runner.errors import printable

#: Bytes of a picture that a page takes in; a larger one is linked.
LIMIT = 2 << 20
_DEPTH = 64

_SHAPES = {"g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
           "use", "defs", "pattern", "title", "clipPath", "linearGradient", "stop"}
_PAINT = {"fill", "stroke", "color", "stop-color"}
_PLAIN = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "d", "points", "width",
          "height", "transform", "stroke-width", "stroke-linecap", "stroke-linejoin",
          "stroke-dasharray", "fill-opacity", "stroke-opacity", "opacity", "font-size",
          "font-weight", "text-anchor", "patternUnits", "patternTransform", "gradientUnits",
          "offset", "dx", "dy"}
_VALUE = re.compile(r"[\w\s.,%#()+-]*")
_REFERENCE = re.compile(r"url\(\s*['\"]?#([\w.-]+)['\"]?\s*\)")
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]+")

#: What the scripts in plots/ draw with; style.css gives each a light and a dark value.
_SCHEME = {"black": "ink", "#000000": "ink", "white": "paper", "#ffffff": "paper",
           "#cccccc": "rule", "#e8e8e8": "c-band", "#c8c8c8": "c-base",
           "#00468c": "c-test", "#b04000": "c-third",
           "#5a5a5a": "c-fourth", "#303030": "c-deep", "#f4f4f4": "c-pale", "#8c8c8c": "c-mid",
           "#006030": "c-green", "#a40000": "c-bad", "#006b1b": "c-good", "#7a4b00": "c-open"}


class Unusable(Exception):
    """This is no picture a page can take in; the message says why."""


def _paint(value: str, prefix: str) -> str | None:
    value = value.strip()
    if value in ("none", "currentColor"):
        return value
    if inside := _REFERENCE.fullmatch(value):
        return f"url(#{prefix}{inside[1]})"
    if rgb := _RGB.fullmatch(value):
        value = "#" + "".join(f"{min(255, int(part)):02x}" for part in rgb.groups())
    if not _COLOUR.fullmatch(value):
        return None
    scheme = _SCHEME.get(value.lower())
    return f"var(--{scheme})" if scheme else value


def _attributes(node: ElementTree.Element, prefix: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in node.attrib.items():
        name = name.rpartition("}")[2]
        if name == "style":  # gnuplot's patterns and flame graphs paint by it
            given |= {key.strip(): part.strip() for key, _, part in
                      (word.partition(":") for word in value.split(";"))}
        else:
            given[name] = value
    kept = {}
    for name, value in given.items():
        if name in _PAINT:
            paint = _paint(value, prefix)
            if paint is not None:
                kept[name] = paint
        elif name in _PLAIN and _VALUE.fullmatch(value):
            kept[name] = value
        elif name == "id" and re.fullmatch(r"[\w.-]+", value):
            kept[name] = prefix + value
        elif name == "href" and re.fullmatch(r"#[\w.-]+", value):
            kept[name] = f"#{prefix}{value[1:]}"
        elif name == "clip-path" and (inside := _REFERENCE.fullmatch(value.strip())):
            kept[name] = f"url(#{prefix}{inside[1]})"
    return kept


def _written(node: ElementTree.Element, prefix: str, titles: bool, depth: int = 0) -> str:
    if depth > _DEPTH:
        raise Unusable(f"is nested deeper than {_DEPTH}")
    name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
    inner = "".join(_written(child, prefix, titles, depth + 1) for child in node)
    if name in ("a", "svg"):
        return inner
    if name not in _SHAPES or (name == "title" and not titles):
        return ""
    if name in ("text", "tspan", "title"):
        # A text's own parts stand between its children.
        inner = html.escape(printable(node.text or "")) + "".join(
            _written(child, prefix, titles, depth + 1) + html.escape(printable(child.tail or ""))
            for child in node)
    elif name == "g" and not inner:
        return ""
    told = "".join(f' {key}="{html.escape(value)}"'
                   for key, value in _attributes(node, prefix).items())
    return f"<{name}{told}>{inner}</{name}>"


def _size(root: ElementTree.Element) -> tuple[float, float]:
    number = r"(\d{1,5}(?:\.\d+)?)"
    box = re.fullmatch(rf"\s*-?0+(?:\.0+)?[\s,]+-?0+(?:\.0+)?[\s,]+{number}[\s,]+{number}\s*",
                       root.get("viewBox", ""))
    if box:
        return float(box[1]), float(box[2])
    sides = [re.fullmatch(rf"{number}(?:px)?", root.get(side, "")) for side in ("width", "height")]
    if not all(sides):
        raise Unusable("says neither viewBox nor width and height")
    return tuple(float(side[1]) for side in sides if side)  # type: ignore[return-value]


def inline(text: str, prefix: str, label: str, *, css: str = "", titles: bool = False) -> Markup:
    """`text`, an SVG document, as an <svg> element for a page.

    `prefix` keeps its ids apart from other pictures'; `label` is read aloud in
    its place; `titles` keeps tooltips (a flame graph's).  Unusable where it is
    no SVG or not of a kind that a page can hold.
    """
    if len(text) > LIMIT:
        raise Unusable(f"has {len(text)} characters, more than {LIMIT}")
    # Entities can make gigabytes of a line, and no picture needs them.
    text = re.sub(r"<!DOCTYPE[^>\[]*>", "", text, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unusable("declares entities")
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ElementTree.ParseError, RecursionError) as error:
        raise Unusable(f"is not XML: {printable(str(error))}") from None
    if root.tag not in ("svg", "{http://www.w3.org/2000/svg}svg"):
        raise Unusable("is not SVG")
    width, height = _size(root)
    inner = "".join(_written(child, prefix, titles) for child in root)
    told = f' class="{html.escape(css)}"' if css else ""
    return Markup(f'<svg{told} viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
                  f'height="{height:g}" role="img" aria-label="{html.escape(printable(label))}">'
                  f'{inner}</svg>')
