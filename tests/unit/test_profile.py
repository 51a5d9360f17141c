# SPDX-License-Identifier: GPL-2.0-only
"""perf's reports, captured in a guest and damaged; the flame graph made of them."""
from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from madesamples import BASE, because, sample

from runner.errors import CannotMeasure
from runner.instruments import contention, flamegraph, profile
from runner.judge import caveats
from runner.records import Metric
from runner.report import svg

DATA = Path(__file__).parent.parent / "data" / "tools"
REPORT = (DATA / "perf-report.txt").read_text()
HEAD = "# Event count (approx.): 1000\n"
LOCKS = (DATA / "perf-locks.txt").read_text()
#: Kinds and units that perf knows and the capture does not have.
TABLE = """ contended   total wait     max wait     avg wait         type   caller

       41     18.20 ms      9.94 ms    443.84 us     spinlock   __add_to_swap_cache+0x4c
        7      1.20 us    400 ns       171 ns        rwsem:W   <script>
        1      2.50 h       2.00 m      1.00 s    pcpu-sem:R   Unknown
        2    300 ns       200 ns       150 ns          mutex   refill_swap_slots_cache+0x1
"""


def test_captured_report() -> None:
    found = profile.parse(REPORT)
    assert found.samples == sum(found.stacks.values()) > 1000
    # The sum of what each function was seen in, as the file's own heads say.
    kernel = sum(int(one) for one in re.findall(r"^ *(\d+) *\|[^|]*\|\[k\]", REPORT, re.M))
    assert sum(found.functions.values()) == kernel or kernel == 0
    assert found.functions["__memcpy_flushcache"] == 155 + 131 + 3
    assert found.nanoseconds == 169757110
    assert ("kswapd0", "ret_from_fork", "kthread") in {stack[:3] for stack in found.stacks}


def test_figures_are_per_page(tmp_path: Path) -> None:
    (tmp_path / profile.OUTPUT).write_text(REPORT)
    (tmp_path / profile.QEMU).write_text('{"vcpus": 2}')
    load = {"pswpout": Metric(10000.0, "pages", "", "v"),
            "steady_s": Metric(0.1, "s", "", "w"),
            "instructions_per_page": Metric(12000.0, "instructions/page", "lower", "w")}
    found = profile.measure(tmp_path, load)
    whole = profile.parse(REPORT)
    each = whole.nanoseconds / whole.samples / 10000
    assert found["profile.__memcpy_flushcache"].value == pytest.approx(289 / whole.samples * 12000)
    assert found["profile.__memcpy_flushcache"].unit == "instructions/page"
    assert len(found) == profile.TOP + 2
    assert found["profile_coverage"].value == pytest.approx(0.169757110 / 0.2)
    assert found["profile_coverage"].evidence == f"{profile.OUTPUT}, {profile.QEMU}, w"
    del load["instructions_per_page"]
    timed = profile.measure(tmp_path, load)["profile.__memcpy_flushcache"]
    assert timed.value == pytest.approx(289 * each) and timed.unit == "ns/page"


def test_what_a_profile_missed_is_said() -> None:
    taken = [sample(BASE, "timed", {"profile_coverage": Metric(value, "", "", "x")}, number)
             for number, value in enumerate((0.95, 0.718, 0.9))]
    said, = caveats.warnings(taken, [], {})
    assert said.startswith(f"{BASE} pmem 1 thread timed (sample 1): the profile saw 71.8% of the "
                           "CPU time of the steady phase") and "guest.vcpus" in said
    assert not list(caveats.warnings([taken[0], taken[2]], [], {}))
    assert not list(caveats.warnings([replace(taken[1], invalid=because("cut"))], [], {}))


@pytest.mark.parametrize("text, says", [
    ("", "p: is cut"),
    ("# x", "p: is cut"),
    ("# x\n", "p: has no samples"),
    (HEAD + "5 a|b\n", "p:2: is not a line of perf report: '5 a|b'"),
    (HEAD + " 1 |t |[k] f\n2 a|f\n", "p:3: its chains have more samples"),
    (HEAD + "what\x1b[1m\n", "p:2: is not a line of perf report: "),
])
def test_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        profile.parse(text, "p")
    assert str(caught.value).startswith(says) and str(caught.value).isprintable()


def test_samples_without_chains_and_strange_names() -> None:
    found = profile.parse(HEAD + " 9 |a b |[k] f\n4 <x>|f\n 3 |u |[.] 0x55\n", "p")
    assert found.stacks == {("a b", "[unknown]", "f"): 4, ("a b", "f"): 5, ("u", "[user]"): 3}
    assert found.functions == {"f": 9}


@settings(deadline=None)
@given(st.data())
def test_damage_never_is_a_traceback(data: st.DataObject) -> None:
    text = list(data.draw(st.sampled_from([REPORT[:6000], TABLE, LOCKS])))
    for _ in range(data.draw(st.integers(0, 6))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.characters())
    for read in (profile.parse, contention.parse):
        try:
            read("".join(text), "p")        # type: ignore[operator]
        except CannotMeasure as error:
            assert str(error).isprintable()


def rows(text: str) -> list[tuple[int, int, str, str]]:
    return [(one.count, one.nanoseconds, one.kind, one.caller) for one in contention.parse(text)]


def test_captured_lock_table() -> None:
    assert rows(LOCKS) == [
        (66, 471690000, "spinlock", "rmap_walk_anon"),
        (63, 354710000, "spinlock", "rmap_walk_anon"),
        (3, 69070000, "spinlock", "__mem_cgroup_try_charge_swap"),
        (3, 26700000, "spinlock", "do_try_to_free_pages"), (4, 20160000, "spinlock", "shrink_node")]


def test_waits_are_per_page(tmp_path: Path) -> None:
    (tmp_path / contention.OUTPUT).write_text(LOCKS)
    found = contention.measure(tmp_path, {"pswpout": Metric(1000.0, "pages", "", "v")})
    assert found["lock_waits_per_page"].value == pytest.approx(0.139)
    assert found["waited.spinlock.rmap_walk_anon"].value == pytest.approx((471690 + 354710))
    assert found["lock_wait_ns_per_page"].value == pytest.approx(942330)
    assert found["lock_wait_ns_per_page"].evidence == f"{contention.OUTPUT}, v"


def test_lock_table() -> None:
    assert rows(TABLE) == [
        (1, 9000 * 10**9, "pcpu-sem:R", "Unknown"),
        (41, 18200000, "spinlock", "__add_to_swap_cache"), (7, 1200, "rwsem:W", "[unknown]"),
        (2, 300, "mutex", "refill_swap_slots_cache")]
    with pytest.raises(CannotMeasure, match="has no table of 'perf lock contention'"):
        contention.parse("incompatible file format\n")
    with pytest.raises(CannotMeasure, match="err:4: is not a row of .*: '  4 9.9 ks  1 ns"):
        contention.parse(TABLE.replace("        7      1.20 us    400", "  4 9.9 ks  1"))


VERSIONS = ("6.1", "6.12", "7.3")


@pytest.mark.parametrize("version", VERSIONS)
def test_lock_tables_of_other_versions(version: str) -> None:
    """One recording, read by each: the same waits, by however many callers."""
    found = contention.parse((DATA / f"perf-locks-{version}.txt").read_text())
    assert len(found) > 10 and {"rwsem:W", "spinlock", "mutex"} <= {one.kind for one in found} | (
        {"mutex"} if version != "6.1" else set())
    assert sum(one.nanoseconds for one in found) == pytest.approx(9.66e9, rel=0.01)
    assert found[0].kind == "rwsem:W" and found[0].nanoseconds == 6910000000


@pytest.mark.parametrize("version", VERSIONS)
def test_profiles_of_other_versions(version: str) -> None:
    found = profile.parse((DATA / f"perf-report-{version}.txt").read_text())
    assert (found.samples, found.nanoseconds) == (178, 178535602)
    assert sum(found.stacks.values()) == 178
    for at in (100, 1000, 1500):
        with pytest.raises(CannotMeasure):
            profile.parse((DATA / f"perf-report-{version}.txt").read_text()[:at])


@pytest.mark.parametrize("head", ["=== output for debug===", "=== output for debug ===",
                                  "=== Output for Debug ==="])
def test_remarks_of_perf_end_the_table(head: str) -> None:
    # perf 6.1, then 6.4 and later.
    remarks = (f"\n{head}\n\nbad: 2, total: 24\nbad rate: 8.33 %\n"
               "histogram of events caused bad sequence\n    acquire: 0\n    release: 2\n")
    assert rows(LOCKS + remarks) == rows(LOCKS)


@pytest.mark.parametrize("line", [
    "Warning: Processed 4294 events and lost 5 chunks!", "WARNING: Kernel address maps are "
    "restricted, check kptr_restrict", "Check IO/CPU overload!", "  (no symbol)"])
def test_warnings_among_the_rows(line: str) -> None:
    head, *found = TABLE.splitlines(keepends=True)
    for at in range(1, len(found) + 1):
        text = "".join([head, *found[:at], line + "\n", *found[at:]])
        assert rows(line + "\n" + text) == rows(TABLE)


def test_flame_graph_is_to_scale_and_harmless() -> None:
    stacks = {("<script>", "a&b"): 3, ("<script>", "c"): 1, ("[user]",): 4}
    picture = flamegraph.svg(stacks, 'title "<>"')
    root = ElementTree.fromstring(picture)
    boxes = {}
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        title, rect = group[0].text or "", group[1]
        boxes[title.split(":")[0]] = float(rect.get("width", "0"))
    whole = boxes["all"]
    assert boxes["<script>"] == pytest.approx(whole / 2, abs=0.2)
    assert boxes["a&b"] == pytest.approx(whole * 3 / 8, abs=0.2)
    assert boxes["[user]"] == pytest.approx(whole / 2, abs=0.2)
    assert "<script" not in svg.inline(picture, "x-", "flame", titles=True)


def test_flame_graph_of_the_capture_fits_a_page() -> None:
    picture = flamegraph.svg(profile.parse(REPORT).stacks, "kswapd and swapstorm")
    assert len(picture) < svg.LIMIT
    assert "__memcpy_flushcache" in svg.inline(picture, "x-", "flame", titles=True)
