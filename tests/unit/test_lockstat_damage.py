# SPDX-License-Identifier: GPL-2.0-only
"""lock_stat files that are cut, malformed, too large or no text."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from lockstatfiles import DATA, REAL, ROW, made

from runner.errors import CannotMeasure
from runner.metrics import lockstat

CONTENDED = (DATA / "linux-6.1.192-2vcpu.txt").read_text()


def failing(text: str) -> str:
    with pytest.raises(CannotMeasure) as error:
        lockstat.parse(text, "f")
    message = str(error.value)
    assert message.startswith("f:") and "\n" not in message
    return message


@pytest.mark.parametrize("name", REAL)
def test_cut_inside_a_line_is_always_seen(name: str) -> None:
    text = (DATA / f"{name}.txt").read_text()
    for at in range(0, len(text) - 1, 61):
        if text[at - 1:at] != "\n":
            failing(text[:at])


def test_cut_between_lines_of_the_contended_part_is_seen() -> None:
    lines = CONTENDED.splitlines(keepends=True)
    plain = next(at for at, line in enumerate(lines) if line[40:41] == ":"
                 and line[41:].split()[1] == "0")
    for count in range(plain):
        failing("".join(lines[:count]))
    # What no text can show; the frames' checksums and numbers must.
    lockstat.parse("".join(lines[:plain + 1]))


def test_cut_between_write_and_read_row_is_seen() -> None:
    lines = (DATA / "linux-6.1.192.txt").read_text().splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if line[38:41] == "-W:")
    assert f"f:{at + 2}: file ends" in failing("".join(lines[:at + 1]))
    assert "-R row of" in failing("".join(lines[:at + 1] + lines[at + 2:]))


@pytest.mark.parametrize("old, new, said", [
    ("version 0.4", "version four", "f:1: is not 'lock_stat version N.N'"),
    ("lock_stat version 0.4\n", "", "f:1: is not 'lock_stat version N.N'"),
    ("acquisitions", "acquisitionz", "f:3: columns are not"),
    ("   holdtime-max", "", "f:6: a row has 11 numbers behind its name; this has 12"),
    ("          22743", "          2274x", "f:6: contentions '2274x' is not a whole number"),
    ("          22743", "             -1", "f:6: contentions '-1' is not"),
    ("          22743", " " + "9" * 20, "does not fit in 64 bits"),
    (":         22703", " ", "f:6: "),
    ("\n\n", "\n", "f:5: is not the empty line"),
])
def test_malformed(old: str, new: str, said: str) -> None:
    assert old in CONTENDED
    assert said in failing(CONTENDED.replace(old, new, 1))


def test_nothing_in_it() -> None:
    assert "f:1: " in failing("")
    assert "no lock class" in failing(made([]))
    assert "line of" in failing(made([("a" * 2000, ROW)]))


def test_a_file_too_large(tmp_path: Path) -> None:
    big = tmp_path / "lock_stat"
    big.write_bytes(b"x" * (lockstat.MAX_BYTES + 1))
    with pytest.raises(CannotMeasure, match=f"lock_stat: is over {lockstat.MAX_BYTES} bytes"):
        lockstat.load(big)


def test_not_text(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"lock_stat version 0.4\n\x1b[31m\xff\n")
    with pytest.raises(CannotMeasure, match="f:2: is not a line of '-'"):
        lockstat.load(tmp_path / "f")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_gives_its_own_error_or_a_parse(data: st.DataObject) -> None:
    lines = CONTENDED.splitlines(keepends=True)[:60]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        cut = data.draw(st.integers(0, len(line)))
        lines[at] = line[:cut] + data.draw(st.text(max_size=8)) + line[
            data.draw(st.integers(cut, len(line))):]
    try:
        stat = lockstat.parse("".join(lines), "f")
    except CannotMeasure as error:
        assert str(error).startswith("f:") and str(error).isprintable()
    else:
        assert all(one.acquisitions >= 0 for one in stat.classes)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    failing(text)
