# SPDX-License-Identifier: GPL-2.0-only
"""Machine files: every key refuses what it cannot be, in one line with its place."""
from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.lockstep import machinefile

GOOD = """\
format = 2
title = "a machine"
sockets = 2
cores = 18
[figures.ns_per_instruction]
value = 0.5
low = 0.25
high = 1
source = "a guess"
[figures.near_ns]
value = 44
low = 40
high = 60
source = "a paper"
[figures.far_ns]
value = 118
source = "another paper"
[figures.page_ns]
value = 410
low = 200
high = 820
source = "10 GB/s"
[published]
kernel = "6.1:pagewise"
threads = [1, 16]
kib_per_s = [9000, 18000]
counts_too_much = 0.125
source = "a list"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "m.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str) -> str:
    file = write(folder, text)
    with pytest.raises(UsageError) as caught:
        machinefile.load(str(file))
    said = str(caught.value)
    assert said.isprintable() and said.startswith(f"{file}:"), said
    return said.removeprefix(f"{file}:")


def test_the_good_one_is_good(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    found = machinefile.load(str(file))
    assert (found.name, found.title, found.file) == ("m", "a machine", file)
    assert (found.sockets, found.cores) == (2, 18)
    assert list(found.figures) == list(machinefile.FIGURES)
    assert found.figures["near_ns"] == machinefile.Figure(44, 40, 60, "a paper")
    far = found.figures["far_ns"]
    assert (far.low, far.value, far.high) == (118, 118, 118), "no range: known exactly"
    assert found.published and found.published.kernel == "6.1:pagewise"
    # Pages of 4 KiB, the eighth taken off.
    assert found.published.pages_per_s == {1: 2000.0, 16: 4000.0}
    assert found.digest == hashlib.sha256(GOOD.encode()).hexdigest()[:12]


def test_nothing_need_be_published_of_it(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD[:GOOD.index("[published]")])
    assert machinefile.load(str(file)).published is None


def test_two_published_figures_may_be_equal(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("[9000, 18000]", "[9000, 9000]"))
    found = machinefile.load(str(file)).published
    assert found and set(found.pages_per_s.values()) == {2000.0}


def test_another_figure_another_digest(tmp_path: Path) -> None:
    one = machinefile.load(str(write(tmp_path, GOOD))).digest
    assert machinefile.load(str(write(tmp_path, GOOD.replace("= 44", "= 45")))).digest != one


BAD = [
    ("format = 2", "format = 1", "1: format: 1 is not in 2..2"),
    ("format = 2\n", "", "1: format: missing"),
    ('title = "a machine"', 'title = ""', "2: title: '' is empty"),
    ('title = "a machine"', "title = 3", "2: title: 3 is not a text"),
    ("sockets = 2", "sockets = 0", "3: sockets: 0 is not in 1..16"),
    ("sockets = 2", "sockets = 2.5", "3: sockets: 2.5 is not a whole number"),
    ("cores = 18", "cores = 1025", "4: cores: 1025 is not in 1..1024"),
    ("cores = 18", 'cores = "18"', "4: cores: '18' is not a whole number"),
    ("cores = 18\n", "", "1: cores: missing"),
    ("cores = 18", "cores = 18\nmemory = 3", "5: memory: is not known here"),
    ("value = 0.5", "value = nan", "6: figures.ns_per_instruction.value: nan is not in"),
    ("value = 0.5", "value = inf", "6: figures.ns_per_instruction.value: inf is not in"),
    ("value = 0.5", "value = true", "6: figures.ns_per_instruction.value: True is not a number"),
    ("low = 0.25", "low = 0", "7: figures.ns_per_instruction.low: must be above 0"),
    ("low = 40", "low = 45", "11: figures.near_ns.value: 44 is not in its range 45..60"),
    ("high = 60", "high = 43", "11: figures.near_ns.value: 44 is not in its range 40..43"),
    ("value = 44", "value = -1", "11: figures.near_ns.value: -1 is not in 0..1e+06"),
    ('source = "a paper"\n', "", "10: figures.near_ns.source: missing"),
    ("value = 118", "value = 43", "16: figures.far_ns.value: 43 is below that of near_ns, 44"),
    ("[figures.page_ns]", "[figures.device_ns]", "1: figures.page_ns.value: missing"),
    ("[published]", "[figures.wake_ns]\nvalue = 5\n[published]",
     "23: figures.wake_ns: is not known here"),
    ("value = 410", "value = 410\nunit = 3", "20: figures.page_ns.unit: is not known here"),
    ("threads = [1, 16]", "threads = [1, 1]", "25: published.threads: names something twice"),
    ("threads = [1, 16]", "threads = [0, 16]", "25: published.threads: 0 is not in 1..1024"),
    ("[9000, 18000]", "[9000]", "26: published.kib_per_s: has 1 figures for 2 thread counts"),
    ("[9000, 18000]", "[0, 9]", "26: published.kib_per_s: 0 is not in"),
    ("counts_too_much = 0.125", "counts_too_much = 2", "27: published.counts_too_much: 2 is not"),
    (GOOD[GOOD.index("kernel ="):], "", "23: published.threads: missing"),
    (GOOD[GOOD.index("[figures.ns"):], "", "1: figures.ns_per_instruction.value: missing"),
    ("[figures.ns_per_instruction]\nvalue = 0.5", "[figures]\nns_per_instruction = 0.5",
     "6: figures.ns_per_instruction: 0.5 is not a table"),
]


@pytest.mark.parametrize("old, new, says", BAD)
def test_bad_files(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    assert refused(tmp_path, GOOD.replace(old, new, 1)).startswith(says)


def test_names_and_paths(tmp_path: Path) -> None:
    assert machinefile.path_of("haswell-ep-2s") == machinefile.FOLDER / "haswell-ep-2s.toml"
    assert machinefile.path_of("./mine") == Path("mine")
    assert machinefile.path_of("a.toml") == Path("a.toml")
    with pytest.raises(UsageError, match=r"machine 'haswell-ep' is not known \(did you mean "
                                         r"haswell-ep-2s\?\); known: epyc-2c, haswell-ep-2s, "):
        machinefile.load("haswell-ep")
    with pytest.raises(UsageError, match="no.toml: cannot be read"):
        machinefile.load(str(tmp_path / "no.toml"))
    with pytest.raises(UsageError) as caught:
        machinefile.load("a\x1b[2J\n")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", machinefile.known())
def test_machines_of_this_checkout(name: str) -> None:
    found = machinefile.load(name)
    assert found.name == name and len(found.digest) == 12
    assert all(len(one.source) > 20 for one in found.figures.values())


def test_a_machine_for_each_question() -> None:
    sizes = {one: machinefile.load(one) for one in machinefile.known()}
    assert (sizes["haswell-ep-2s"].sockets, sizes["haswell-ep-2s"].cores) == (2, 18)
    assert any(one.sockets == 4 and one.sockets * one.cores == 64 for one in sizes.values())
    published = sizes["haswell-ep-2s"].published
    assert published and {threads: round(rate) for threads, rate in published.pages_per_s.items()
                          } == {1: 327857, 16: 477549}


@given(st.text())
def test_any_text_is_a_machine_or_one_line(tmp_path_factory: pytest.TempPathFactory,
                                           text: str) -> None:
    file = tmp_path_factory.mktemp("any") / "m.toml"
    file.write_text(GOOD + text, encoding="utf-8", errors="replace")
    try:
        machinefile.load(str(file))
    except UsageError as error:
        assert str(error).isprintable()
