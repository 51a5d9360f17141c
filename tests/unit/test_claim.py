# SPDX-License-Identifier: GPL-2.0-only
"""What a claim comes to: each verdict has samples that bring it about, and a page."""
from __future__ import annotations

import html.parser
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from madesamples import BASE, TEST, because, exact, locked, sample, throughput, timed

from runner.claim import assess, claimfile, claimformats, claimverdict
from runner.claim.claimfile import Claim, ClaimCell
from runner.claim.claimverdict import Effect, Findings, Verdict
from runner.errors import CannotMeasure
from runner.records import Sample

FILE = f"""\
format = 1
title = "a claim"
base = "{BASE}"
test = ["{TEST}"]
threads = [1, 16]
tiers = ["exact", "locks", "timed"]
[guest]
vcpus = 16
fit_host = true
[rules]
pairs = 8
minimum_pairs = 8
[claim]
statement = "much faster"
source = {{ title = "a series", date = "2016-05-03", silent_on = ["run count", "spread"] }}
"""
THROUGHPUT = 'metric = "throughput_mib_s"\ntiers = ["timed"]\ncause = "locks"\n'
TREE = 'metric = "locks.swap_cache_tree.acquisitions_per_page"\ntiers = ["locks"]\n'
SPENT = 'metric = "instructions_per_page"\ntiers = ["exact"]\n'
#: Eight pairs, +20% give or take 2.
SLOW = [100.0, 101.0, 99.0, 100.5, 99.5, 100.0, 102.0, 98.0]
FAST = [120.0, 123.0, 117.0, 121.0, 119.0, 120.0, 120.0, 119.0]
PAGEWISE = {"swap_cache_tree": 2.0, "swap_device": 4.0, "swap_cgroup": 1.0}
BATCHED = {"swap_cache_tree": 0.0625, "swap_device": 2.0625, "swap_cgroup": 1.0}
EVIL = "<script>alert(1)</script>|`x`*_[a](http://evil)"


@pytest.fixture
def claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A claim of one cell or more, on a host of `cores`."""
    def make(*cells: str, cores: int = 16) -> Claim:
        monkeypatch.setattr("runner.host.host.cores", lambda: cores)
        path = tmp_path / "made.toml"
        path.write_text(FILE + "".join(f"[[claim.cell]]\n{one}" for one in cells))
        return claimfile.load(path)
    return make


def findings(claim: Claim, samples: list[Sample]) -> Findings:
    return assess.findings(claim, samples)


def at(effect: float, tolerance: float, rest: str, threads: int = 1) -> str:
    return f"threads = {threads}\neffect = {effect}\ntolerance = {tolerance}\n{rest}"


def kvm(samples: list[Sample]) -> list[Sample]:
    return [replace(one, accelerator="kvm") for one in samples]


def only(found: Findings) -> claimverdict.CellFinding:
    assert len(found.cells) == 1 and found.verdict == found.cells[0].verdict
    assert found.exit == claimverdict.EXITS[found.verdict]
    return found.cells[0]


@pytest.mark.parametrize("effect, tolerance, verdict, exit_status", [
    (0.20, 0.05, "reproduced", 0), (0.25, 0.10, "reproduced", 0),
    (0.85, 0.20, "not reproduced", 1), (0.05, 0.05, "not reproduced", 1),
    (0.20, 0.005, "inconclusive", 3), (0.22, 0.02, "inconclusive", 3)])
def test_measured_interval_against_the_claimed_band(claim, effect: float, tolerance: float,
                                                    verdict: str, exit_status: int) -> None:
    made = claim(at(effect, tolerance, THROUGHPUT))
    found = findings(made, kvm(timed(SLOW, FAST)))
    one = only(found)
    assert (one.verdict, found.exit) == (verdict, exit_status), one.reason
    assert one.measured and not one.measured.emulated and one.measured.effect
    assert one.measured.effect.value == pytest.approx(0.20, abs=0.01)
    assert f"{100 * (one.measured.effect.value - effect):+.3g} points" in one.reason


def test_emulated_time_decides_nothing(claim) -> None:
    found = findings(claim(at(0.20, 0.05, THROUGHPUT)), timed(SLOW, FAST))
    one = only(found)
    assert one.verdict == Verdict.INCONCLUSIVE and "emulated" in one.reason
    assert "+20% " in one.reason, "what was measured is said all the same"


def test_few_pairs_decide_nothing(claim) -> None:
    found = findings(claim(at(0.20, 0.05, THROUGHPUT)), kvm(timed(SLOW[:5], FAST[:5])))
    assert "5 pairs cannot decide; it takes at least 8" in only(found).reason
    assert found.exit == 3
    one = only(findings(claim(at(0.2, 0.05, THROUGHPUT)), kvm(timed([1.0], [2.0]))))
    assert one.verdict == Verdict.INCONCLUSIVE and "1 pair cannot decide" in one.reason


def test_a_cell_the_host_cannot_run(claim) -> None:
    made = claim(at(0.85, 0.2, THROUGHPUT, threads=16), cores=2)
    found = findings(made, locked(PAGEWISE, BATCHED, threads=16))
    one = only(found)
    assert one.verdict == Verdict.INCONCLUSIVE and one.measured is None
    assert "16 threads want 16 CPUs and this host has 2" in one.reason
    assert any("7.000 → 3.125" in line and "most is swap_device, 2.062" in line
               for line in one.limits), one.limits


def test_nothing_valid_is_could_not_measure(claim) -> None:
    broken = [replace(one, invalid=because("kernel-oops: BUG")) for one in timed(SLOW, FAST)]
    found = findings(claim(at(0.2, 0.1, THROUGHPUT)), broken)
    assert (only(found).verdict, found.exit) == (Verdict.INVALID, 4)
    assert "no valid sample" in found.reason


@pytest.mark.parametrize("effect, verdict", [(-0.97, "reproduced"), (-0.5, "not reproduced")])
def test_lock_counts_decide_a_claim_on_lock_counts(claim, effect: float, verdict: str) -> None:
    found = findings(claim(at(effect, 0.02, TREE)), locked(PAGEWISE, BATCHED))
    assert only(found).verdict == verdict


def test_instructions_decide_a_claim_on_instructions(claim) -> None:
    assert only(findings(claim(at(-0.05, 0.01, SPENT)),
                         exact(10000.0, 9500.0))).verdict == Verdict.REPRODUCED


def test_a_demoted_exact_tier_decides_nothing(claim) -> None:
    drifting = exact(10000.0, 9500.0)
    drifting[1] = replace(drifting[1], fingerprint="another")
    found = only(findings(claim(at(-0.05, 0.01, SPENT)), drifting))
    assert found.verdict == Verdict.INCONCLUSIVE and "demoted" in found.reason


def test_a_lock_that_base_does_not_take(claim) -> None:
    found = only(findings(claim(at(0.5, 0.1, TREE)),
                          locked({"swap_device": 1.0}, BATCHED)))
    assert found.verdict == Verdict.INCONCLUSIVE and "no change to judge" in found.reason


def test_the_worst_cell_is_the_claims_verdict(claim) -> None:
    made = claim(at(-0.97, 0.02, TREE), at(-0.5, 0.01, SPENT))
    found = findings(made, exact(10000.0, 9500.0) + locked(PAGEWISE, BATCHED))
    assert [one.verdict for one in found.cells] == ["reproduced", "not reproduced"]
    assert (found.verdict, found.exit) == ("not reproduced", 1)


CELL = ClaimCell("pmem", 1, "throughput_mib_s", 0.25, 0.1, ("timed",), "")
SHARE = st.floats(-1, 10)


@given(SHARE, SHARE, SHARE, SHARE, st.floats(0, 10))
def test_every_interval_lies_in_one_of_three_ways(value: float, low: float, high: float,
                                                  effect: float, tolerance: float) -> None:
    low, high = sorted((low, high))
    cell = replace(CELL, effect=effect, tolerance=tolerance)
    where = Effect(value, low, high).against(cell)
    touches = low <= cell.band[1] and high >= cell.band[0]
    assert (where == "outside") is not touches
    assert where != "inside" or touches


def rich_findings(make) -> Findings:
    made = make(at(0.25, 0.1, THROUGHPUT), at(0.85, 0.2, THROUGHPUT, 16), at(-0.97, 0.02, TREE),
                cores=2)
    samples = [*exact(12130.0, 11555.0), *locked(PAGEWISE, BATCHED), *timed(SLOW, FAST),
               sample(TEST, "timed", throughput(1.0), 300, 9, outcome="kernel-oops",
                      invalid=because("kernel-oops: BUG"))]
    return findings(made, samples)


@pytest.mark.parametrize("form", sorted(claimformats.FORMATS))
def test_page_says_what_was_promised(claim, form: str) -> None:
    shown = claimformats.FORMATS[form](rich_findings(claim))
    for said in ("much faster", "a series", "2016-05-03", "run count", "emulated",
                 "inconclusive", "swap_cache_tree", "16 threads want 16 CPUs"):
        assert said in shown.replace("\\_", "_").replace("\n      ", " "), said
    assert "\x1b" not in shown


def test_what_was_not_measured_has_no_figure(claim) -> None:
    shown = claimformats.as_text(rich_findings(claim)).splitlines()
    row = next(line for line in shown if "16 threads" in line and "+85%" in line)
    assert row.split("points", 1)[1].split() == ["–", "–", "inconclusive"]
    assert next(line for line in shown if "+25% ±" in line).count("emulated") == 1


def test_json(claim) -> None:
    data = json.loads(claimformats.as_json(rich_findings(claim)))
    assert data["swapscale-claim"] == 2 and data["exit"] == 3
    first, second, third = data["cells"]
    assert first["measured"]["emulated"] is True and first["verdict"] == "inconclusive"
    assert second["measured"] is None and second["verdict"] == "inconclusive"
    assert third["effect"] == -0.97 and third["verdict"] == "reproduced"


class Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_html_holds_its_pictures_and_nothing_from_elsewhere(claim, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("<svg/>")
    page = Page()
    page.feed(claimformats.as_html(rich_findings(claim), [tmp_path / "a.svg"]))
    assert page.tags.count("img") == 1 and "script" not in page.tags
    assert all(one.startswith("data:image/svg+xml;base64,") for one in page.sources)


@pytest.mark.parametrize("form", sorted(claimformats.FORMATS))
def test_hostile_texts(claim, form: str) -> None:
    made = claim(at(0.2, 0.1, THROUGHPUT))
    source = replace(made.source, title=EVIL, url=EVIL)
    samples = [replace(one, invalid=because(EVIL + "\x1b[31m")) for one in timed(SLOW, FAST)]
    shown = claimformats.FORMATS[form](findings(
        replace(made, source=source, statement=EVIL), samples))
    assert "\x1b" not in shown
    if form in ("html", "markdown"):
        assert "<script" not in shown
    if form == "markdown":
        assert "[a](http" not in shown


def test_written_beside_the_samples(claim, tmp_path: Path) -> None:
    found = rich_findings(claim)
    claimformats.write_all(found, tmp_path)
    assert (tmp_path / "claim.txt").read_text() == claimformats.as_text(found)
    assert set(claimformats.FILES.values()) <= {one.name for one in tmp_path.iterdir()}
    with pytest.raises(CannotMeasure, match="claim.txt: cannot be written"):
        claimformats.write_all(found, tmp_path / "no")
