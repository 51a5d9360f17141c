# SPDX-License-Identifier: GPL-2.0-only
"""More memory layouts where the first do not decide, and pages moved far in every one."""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from layoutboots import BAD, GOOD, PAGE, STALLS, boot, recorded
from madesamples import BASE, TEST

from runner.asked import Experiment, Planned
from runner.campaign import adaptive, campaign
from runner.experiment import plan
from runner.judge import verdict
from runner.judge.figures import Verdict
from runner.judge.tier import layouts, moved
from runner.nightly import config
from runner.records import Rules, Sample
from tests.conftest import ROOT


# What moved in every layout

def test_what_moved_far_in_every_layout_is_named_with_its_command() -> None:
    base, test = recorded(BASE, GOOD, 0.0075), recorded(TEST, GOOD[::-1], 0.0208)
    again = replace(base[0], number=99, repeat=99)
    found = verdict.compare([*base, *[replace(one, number=one.number + 50) for one in test],
                             again], Rules(BASE, {PAGE: 0.01}))
    assert found.verdict in (Verdict.INCONCLUSIVE, Verdict.EQUIVALENT)
    for said in (found.reason, " ".join(found.warnings)):
        assert "allocstall per page 0.0075 → 0.021 (×2.8) in all of 6 and 6 layouts" in said
        assert "./swapscale bisect" in said
        assert "--metric allocstall_per_page --above 0.0125" in said


def test_what_moved_within_its_spread_or_hardly_is_not_named() -> None:
    draw = random.Random(6)
    noisy = [[boot(kernel, at, 11000.0, 40000.0, stalls * draw.uniform(0.7, 1.3))
              for at in range(6)] for kernel, stalls in ((BASE, 0.01), (TEST, 0.016))]
    assert STALLS not in [one.name for one in moved.find(*noisy, ())]
    small = recorded(BASE, GOOD, 0.0075), recorded(TEST, GOOD, 0.0075, low=0.05)
    assert "pgscan_per_page" not in [one.name for one in moved.find(*small, ())]
    assert not moved.find(recorded(BASE, GOOD[:2], 0.0075), recorded(TEST, BAD[:2], 0.0208), ())


def test_commits_of_one_tree_fill_in_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moved.between("6.1:vanilla", "6.1:batch-add") == moved.ends()
    spans = moved.ends("/src/linux", "v6.10", "v6.11")
    found = moved.told([moved.Moved(STALLS, 0.0075, 0.0208, True, (6, 6)),
                        moved.Moved("direct_share", 0.3, 0.2, False, (6, 6))], spans,
                       "configs/bench.toml")
    assert found[0].endswith(
        "./swapscale bisect --tree /src/linux --good v6.10 --bad v6.11 --experiment "
        "configs/bench.toml --metric allocstall_per_page --above 0.01249")
    assert "bisect" not in found[1]


# More layouts, by looks declared beforehand

@pytest.fixture
def nightly(tmp_path) -> Experiment:
    found = plan.load(ROOT / "configs" / "bench.toml")
    return replace(found, tiers=("exact",), devices=("pmem", "brd"), kernels=(BASE, TEST),
                   rules=replace(found.rules, base=BASE, layouts=layouts.LOOKS))


def made(experiment: Experiment, factors: dict[str, float], spread: float = 0.005
         ) -> tuple[list[Sample], list[int]]:
    """Boots as the campaign makes them; how many each round asked for."""
    planned = plan.samples(experiment)
    samples: list[Sample] = []
    asked = []

    def boots(batch: Sequence[Planned]) -> list[Sample]:
        found = []
        for one in batch:
            draw = random.Random(f"{one.cell.kernel} {one.cell.device} {one.layout}")
            factor = factors[one.cell.device] if one.cell.kernel == TEST else 1.0
            page = 11200.0 * factor * (1 + draw.gauss(0, spread))
            found.append(replace(boot(one.cell.kernel, one.layout, page, 40000.0 * draw.uniform(
                0.99, 1.01)), number=one.number, repeat=one.repeat, cell=one.cell))
        return found
    samples += boots([one for one in planned if one.look == 0])
    while batch := adaptive.due(experiment, planned, samples):
        asked.append(len(batch))
        samples += boots(batch)
        assert len(asked) < 9
    return samples, asked


def test_layouts_are_raised_where_they_do_not_decide_and_only_there(nightly: Experiment) -> None:
    samples, asked = made(nightly, {"pmem": 1.05, "brd": 1.01})
    at = {device: max(one.layout for one in samples if one.cell.device == device) + 1
          for device in nightly.devices}
    assert at["pmem"] == 6 and at["brd"] in (12, 24), at
    assert asked[0] == 12       # both kernels, six more of each
    samples, _ = made(nightly, {"pmem": 1.05, "brd": 1.005}, 0.03)
    found = verdict.compare(samples, nightly.rules)
    cell = next(one for one in found.cells if one.device == "brd")
    assert cell.verdict == Verdict.INCONCLUSIVE and "24 and 24 layouts" in cell.reason


def test_no_layouts_are_made_for_what_does_not_repeat(nightly: Experiment) -> None:
    planned = plan.samples(nightly)
    samples, _ = made(nightly, {"pmem": 1.05, "brd": 1.05})
    assert not adaptive.due(nightly, planned, [
        replace(one, fingerprint="other") if one.repeat == 24 else one for one in samples])


def test_a_campaign_keeps_the_looks_it_was_declared_with(nightly: Experiment, tmp_path: Path
                                                         ) -> None:
    """A night declares more than its experiment's file does, and may be killed."""
    home = campaign.create(nightly, tmp_path)
    assert campaign.reopen(home.folder)[1].rules.layouts == layouts.LOOKS


def test_a_night_raises_them_by_itself(tmp_path: Path) -> None:
    (tmp_path / "load.toml").write_text('format = 1\nbase = "6.1:vanilla"\ntiers = ["exact"]\n')
    file = tmp_path / "n.toml"
    said = 'format = 1\nkernels = ["6.1:vanilla"]\nexperiment = "load.toml"\n'
    for line, looks in (("", (6, 12, 24)), ("layouts = [1]", (1,)), ("layouts = [8, 20]", (8, 20))):
        file.write_text(f"{said}{line}\n")
        assert config.load(file).layouts == looks
