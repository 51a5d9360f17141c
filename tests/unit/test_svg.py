# SPDX-License-Identifier: GPL-2.0-only
"""SVG that comes into a page: what is drawn stays, everything that acts is gone."""
from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report import svg


def svg_of(inside: str, more: str = "") -> str:
    return ('<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
            '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 90 50" {more}>{inside}</svg>')


def test_shapes_and_text_stay() -> None:
    shown = svg.inline(svg_of('<g fill="none"><path d="M0,0 L9,9" stroke-width="2"/></g>'
                              '<text x="1">a &lt;b&gt; &amp; c</text>'), "p-", "A picture")
    assert '<path d="M0,0 L9,9" stroke-width="2"></path>' in shown
    assert "a &lt;b&gt; &amp; c</text>" in shown
    assert shown.startswith('<svg viewBox="0 0 90 50" width="90" height="50" role="img" '
                            'aria-label="A picture">')


def test_colours_of_our_plots_follow_the_page() -> None:
    shown = svg.inline(svg_of("<path stroke='rgb(  0,  70, 140)' d='M0,0'/><rect fill='black'/>"
                              "<rect style='fill:rgb(200,200,200); stroke:none'/>"
                              "<rect fill='rgb(1,2,3)'/>"), "p-", "x")
    for said in ('stroke="var(--c-test)"', 'fill="var(--ink)"', 'fill="var(--c-base)"',
                 'stroke="none"', 'fill="#010203"'):
        assert said in shown, said


def test_names_inside_are_made_its_own() -> None:
    shown = svg.inline(svg_of('<defs><pattern id="a"/></defs><rect fill="url(#a)"/>'
                              '<use xlink:href="#a"/>'), "p1-", "x")
    assert 'id="p1-a"' in shown and 'fill="url(#p1-a)"' in shown and 'href="#p1-a"' in shown


@pytest.mark.parametrize("inside", [
    "<script>alert(1)</script>", '<rect onclick="alert(1)"/>', "<style>* {}</style>",
    '<a xlink:href="javascript:alert(1)"><rect x="1"/></a>', '<image href="http://x/y.png"/>',
    '<use xlink:href="http://x/y#z"/>', '<rect fill="url(http://x/y)"/>',
    '<rect style="fill:url(http://x/y);behavior:url(x)"/>', '<animate attributeName="href"/>',
    '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
    '<set attributeName="onload" to="alert(1)"/>', '<rect xml:base="javascript:"/>'])
def test_what_acts_is_dropped(inside: str) -> None:
    shown = svg.inline(svg_of(inside), "p-", "x")
    assert not re.search(r"script|onclick|style|<a|image|http|animate|foreign|<set|base", shown)


@pytest.mark.parametrize("text, why", [
    ("no picture", "is not XML"), ("<html/>", "is not SVG"), ("<svg><g></svg>", "is not XML"),
    ('<!DOCTYPE svg [<!ENTITY a "b">]><svg viewBox="0 0 1 1">&a;</svg>', "declares entities"),
    ('<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="1"/>', "neither viewBox"),
    ("x" * (svg.LIMIT + 1), "characters"),
    (svg_of("<g>" * 90 + "</g>" * 90), "nested deeper")])
def test_what_is_no_picture_is_refused(text: str, why: str) -> None:
    with pytest.raises(svg.Unusable, match=why):
        svg.inline(text, "p-", "x")


TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40)


@given(TEXT, TEXT, st.sampled_from(["fill", "d", "href", "style", "transform", "id", "onload"]))
def test_any_text_and_attribute_stays_inside(text: str, value: str, name: str) -> None:
    clean = [re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", one)
             for one in (text, value)]
    escaped = [one.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
               for one in clean]
    shown = svg.inline(svg_of(f'<text {name}="{escaped[1]}">{escaped[0]}</text>'), "p-", text)
    root = ElementTree.fromstring(shown)
    assert [one.tag for one in root.iter()] == ["svg", "text"]
    assert "onload" not in root[0].attrib
