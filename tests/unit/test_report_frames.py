# SPDX-License-Identifier: GPL-2.0-only
"""JUnit XML and KTAP, read back as a test frame reads them."""
from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings, strategies as st
from madesamples import BASE, RULES, TEST, because, exact, locked, sample, timed

from runner.errors import Exit
from runner.judge.results import Comparison
from runner.judge.verdict import compare
from runner.records import Sample
from runner.report import cases, junit, ktap

VANILLA = {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0, "swap_device": 0.0156}
MORE = {**VANILLA, "swap_cache_tree": 3.0}
EVIL = "<script>]]>\x1b[31m\n1..9\nnot ok 1 # TODO &amp; \u202e"


def regressed() -> list[Sample]:
    return exact(100.0, 100.0) + locked(VANILLA, MORE)


def unmeasured() -> list[Sample]:
    return [replace(one, invalid=because("qemu-died")) for one in exact(1.0, 1.0)]


def both() -> list[Sample]:
    """A regression, a device that could not be measured, and too few pairs."""
    other = [replace(one, number=one.number + 50, cell=replace(one.cell, device="brd"))
             for one in unmeasured()]
    return regressed() + other + timed([100.0], [101.0])


EVERY = {"regressed": regressed, "improved": lambda: exact(100.0, 90.0), "both": both,
         "equivalent": lambda: exact(100.0, 100.0), "unmeasured": unmeasured,
         "inconclusive": lambda: timed([100.0], [101.0]), "empty": list}


def xml(comparison: Comparison) -> ElementTree.Element:
    return ElementTree.fromstring(junit.render(comparison))


def ktap_results(text: str) -> list[tuple[int, bool, int, str, str]]:
    """(depth, ok, number, name, directive) of each result; checks the plans."""
    lines = text.splitlines()
    assert lines[0] == "KTAP version 1"
    found = []
    plans: dict[int, int] = {}
    seen: Counter[int] = Counter()
    for line in lines:
        depth = (len(line) - len(line.lstrip(" "))) // 2
        body = line.strip()
        if plan := re.fullmatch(r"1\.\.(\d+)", body):
            plans[depth], seen[depth] = int(plan[1]), 0
        elif result := re.fullmatch(r"(not )?ok (\d+) ([^#]*?)(?: # (\w+) ?.*)?", body):
            seen[depth] += 1
            assert int(result[2]) == seen[depth], line
            if depth == 0:
                assert seen[1] == plans[1], "a suite's own tests are all there"
            found.append((depth, not result[1], int(result[2]), result[3], result[4] or ""))
        else:
            assert body == "KTAP version 1" or body.startswith("# "), line
    assert seen[0] == plans[0]
    return found


@pytest.mark.parametrize("name", sorted(EVERY))
def test_counts_follow_the_exit_status(name: str) -> None:
    comparison = compare(EVERY[name](), RULES)
    root = xml(comparison)
    total = {key: int(root.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}
    assert total["tests"] == len(root.findall(".//testcase")) > 0
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert total[key] == len(root.findall(f".//testcase/{tag}"))
    assert (total["failures"] > 0) == (comparison.exit == Exit.REGRESSED)
    if comparison.exit == Exit.CANNOT_MEASURE:
        assert total["errors"] and not total["failures"]
    if comparison.exit == Exit.INCONCLUSIVE:
        assert total["skipped"] and not total["failures"] and not total["errors"]
    results = [one for one in ktap_results(ktap.render(comparison)) if one[0] == 1]
    assert len(results) == total["tests"]
    assert sum(not ok and not what for _, ok, _, _, what in results) == total["failures"]
    assert sum(not ok and what == "ERROR" for _, ok, _, _, what in results) == total["errors"]
    assert sum(ok and what == "SKIP" for _, ok, _, _, what in results) == total["skipped"]


def test_junit_names_metric_and_change() -> None:
    root = xml(compare(regressed(), RULES))
    failure = next(one for one in root.iter("testcase") if one.find("failure") is not None)
    assert failure.attrib["name"] == "locks, 1 thread: locks.swap_cache_tree.acquisitions_per_page"
    assert failure.attrib["classname"] == f"swapscale.{TEST} against {BASE} on pmem"
    found = failure.find("failure")
    assert found is not None and found.attrib["type"] == "regressed"
    assert "swap_cache_tree acquisitions per page 2.000 → 3.000 (+50.00%" in found.attrib["message"]


def test_ktap_says_what_regressed_before_the_result() -> None:
    lines = [line.strip() for line in ktap.render(compare(regressed(), RULES)).splitlines()]
    at = next(i for i, line in enumerate(lines) if line.startswith("not ok"))
    assert lines[at - 1].startswith("# regressed: swap_cache_tree")
    assert lines[-1] == f"not ok 1 {TEST} against {BASE} on pmem"


def test_no_test_is_no_pass() -> None:
    comparison = compare([], RULES)
    assert xml(comparison).attrib["skipped"] == "1"
    assert [one[4] for one in ktap_results(ktap.render(comparison))] == ["SKIP", "SKIP"]


def test_suites_are_counted_apart() -> None:
    found = {suite.name: suite for suite in cases.suites(compare(both(), RULES))}
    assert found[f"{TEST} against {BASE} on pmem"].count(cases.FAILURE) == 1
    assert found[f"{TEST} against {BASE} on brd"].count(cases.ERROR) == 1


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_well_formed(kernel: str, reason: str) -> None:
    found = [*locked(VANILLA, MORE), sample(kernel, "exact", {}, 50, invalid=because(reason))]
    comparison = compare(found, RULES)
    xml(comparison)
    ktap_results(ktap.render(comparison))


def test_hostile_text() -> None:
    found = locked({**VANILLA, EVIL: 1.0}, {**VANILLA, EVIL: 3.0})
    found = [replace(one, evidence=EVIL, cell=replace(
        one.cell, kernel=one.cell.kernel if one.cell.kernel == BASE else EVIL)) for one in found]
    comparison = compare([*found, sample(EVIL, "exact", {}, 50, invalid=because(EVIL))], RULES)
    shown = junit.render(comparison)
    assert shown.isascii() and "<script>" not in shown and "\x1b" not in shown
    assert {one.tag for one in xml(comparison).iter()} == {
        "testsuites", "testsuite", "testcase", "error", "system-out"}
    assert not any(what == "TODO" for *_, what in ktap_results(ktap.render(comparison)))
