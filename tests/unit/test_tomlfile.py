# SPDX-License-Identifier: GPL-2.0-only
"""Line numbers and messages of the TOML reader."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import tomlfile
from runner.errors import UsageError, printable


def load(tmp_path: Path, text: str) -> tomlfile.Table:
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")
    return tomlfile.load(path)


def test_lines_of_nested_and_quoted_names(tmp_path: Path) -> None:
    table = load(tmp_path, '[source."6.1"]\nkind = 1\n\n[source.b]\n# kind = 0\n"kind" = 2\n')
    sources = table.table("source")
    with pytest.raises(UsageError, match=r"t.toml:2: source.6.1.kind: 1 is not"):
        sources.table("6.1").text("kind")
    with pytest.raises(UsageError, match=r"t.toml:6: source.b.kind: 2 is not"):
        sources.table("b").text("kind")


def test_a_missing_key_points_at_its_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"t.toml:3: b.x: missing; it takes a whole number in 1"):
        load(tmp_path, "[a]\n\n[b]\n").table("b").integer("x", 1, 2, tomlfile.REQUIRED)


def test_unknown_key_names_the_known(tmp_path: Path) -> None:
    table = load(tmp_path, "threads = 1\nthraeds = 2\n")
    table.integer("threads", 1, 9)
    with pytest.raises(UsageError, match=r"t.toml:2: thraeds: .*did you mean threads"):
        table.close()


def test_number_takes_whole_numbers_and_no_booleans(tmp_path: Path) -> None:
    table = load(tmp_path, "a = 2\nb = true\n")
    assert table.number("a", 0, 3) == 2.0
    with pytest.raises(UsageError, match="True is not a number"):
        table.number("b", 0, 3)


@given(st.text())
def test_any_text_loads_or_is_one_line(tmp_path_factory: pytest.TempPathFactory,
                                       text: str) -> None:
    path = tmp_path_factory.mktemp("t") / "t.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        tomlfile.load(path)
    except UsageError as error:
        assert "\n" not in str(error)


@given(st.text(), st.integers(1, 50))
def test_printable_is_one_bounded_line(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert shown.isprintable() and len(shown) <= limit


def test_tables_of_a_list_have_their_own_lines(tmp_path: Path) -> None:
    root = load(tmp_path, "[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[[a.b]]\n")
    first, second, third = root.table("a").tables("b")
    assert first.integer("x", 1, 1) == 1
    with pytest.raises(UsageError, match=r"t.toml:4: a.b.2.x: 2 is not in 1..1"):
        second.integer("x", 1, 1)
    with pytest.raises(UsageError, match=r"t.toml:5: a.b.3.x: missing"):
        third.integer("x", 1, 1, tomlfile.REQUIRED)
    assert root.tables("c") == []


@pytest.mark.parametrize("text", ["a = 1\n", "[a]\n", 'a = "x"\n', "a = [{}, 2]\n"])
def test_what_is_no_list_of_tables(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"t.toml:1: a: .*table.*\[\[a\]\]"):
        load(tmp_path, text).tables("a")
