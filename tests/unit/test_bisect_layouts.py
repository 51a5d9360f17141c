# SPDX-License-Identifier: GPL-2.0-only
"""A bisect whose ends differ in reclaim's policy, or by less than memory layouts do.

Figures are those that 6.1 with SWAP_CLUSTER_MAX 32 and 8 had at six layouts, and beyond six such
as lie between them.
"""
from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from test_layouts import BAD, GOOD, WRITTEN

from runner.bisect.anchors import BAD_END, GOOD_END, NothingToBisect
from runner.experiment.plan import Planned
from runner.records import BuiltKernel, Metric, Sample
from tests import bisectkernel, bisectlab
from tests.bisectcases import change, idle
from tests.bisectlab import Bisect, Lab

pytestmark = pytest.mark.usefixtures("light")
Rows = Sequence[tuple[float, int]]
STALLS = "allocstall_per_page"
POLICY = change("reclaim in batches of 8", mm_policy=0)
CHANGES = [change("root", mm_x=0), *idle(1, 2, 3, 4), POLICY, *idle(5, 6)]


class Reclaim(Lab):
    """A lab whose kernels reclaim in batches of 32, or of 8."""

    def __init__(self, trunk: Path, small: Rows = BAD, large: Rows = GOOD, noise: float = 0.002
                 ) -> None:
        super().__init__(trunk)
        self.tree, self.small, self.large, self.noise = trunk, small, large, noise

    def _sample(self, planned: Planned, built: BuiltKernel) -> Sample:
        made = super()._sample(planned, built)
        kernel = self._kernel(planned.cell.kernel)
        small = any(name == "mm/policy" for name, _ in kernel.files)
        draw = random.Random(f"{kernel.image} {planned.layout}")
        rows = self.small if small else self.large
        page, pswpout = rows[planned.layout % len(rows)]
        page *= 1 + draw.gauss(0.0, self.noise)
        stalls = (0.0208 if small else 0.0075) * (1 + draw.gauss(0.0, 0.01))
        return dataclasses.replace(made, metrics={
            **made.metrics, "instructions_per_page": Metric(page, "instructions/page", "lower", ""),
            "instructions_per_written_page": Metric(page * pswpout / WRITTEN, "", "lower", ""),
            "pgfree_per_page": Metric(1.0 + 0.0003 * draw.random(), "pages/page", "lower", ""),
            STALLS: Metric(stalls, "stalls/page", "lower", "")})


def ask(place: Path, lab: Reclaim, commits: list[str], metric: str | None = None,
        above: float | None = None) -> Bisect:
    place.mkdir(exist_ok=True)
    return bisectlab.ask(place, bisectlab.between(lab.tree, commits[0], commits[-1]), lab,
                         metric=metric, above=above)


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, list[str]]:
    tree = tmp_path / "tree"
    return tree, bisectkernel.grow(tree, CHANGES)


def test_a_policy_of_three_percent_is_found_at_the_first_look(
        history: tuple[Path, list[str]], tmp_path: Path) -> None:
    tree, commits = history
    bisect = ask(tmp_path / "a", Reclaim(tree), commits)
    found = bisect.run()
    assert found.culprit == commits[CHANGES.index(POLICY)] and found.confirmed
    assert {one.boots for one in bisect.state.readings if one.role in (GOOD_END, BAD_END)} <= {6, 7}
    assert "equal_pages\" = false" in (bisect.folder / "step.toml").read_text()
    assert STALLS in [one.name for one in found.moved]


def test_what_layouts_hide_is_undecided_and_what_moved_is_bisected_by(
        history: tuple[Path, list[str]], tmp_path: Path) -> None:
    """No cost at all, and layouts that differ by 3%: 24 of each are the limit."""
    tree, commits = history
    bisect = ask(tmp_path / "a", Reclaim(tree, GOOD, noise=0.03), commits)
    with pytest.raises(NothingToBisect) as refused:
        bisect.run()
    said = str(refused.value)
    assert "undecided, which is not to say that there is no regression" in said
    assert "24 and 24 layouts" in said
    ends = [one for one in bisect.state.readings if one.role in (GOOD_END, BAD_END)]
    assert {one.boots for one in ends} <= {24, 25}
    command = re.search(r"bisect by it: \./swapscale bisect --tree (\S+) --good (\S+) --bad (\S+) "
                        r"--experiment (\S+) --metric (\S+) --above (\S+)", said)
    assert command and command.groups()[:3] == (str(tree), commits[0], commits[-1])
    assert command[5] == STALLS and "(×2.8) in all of 24 and 24 layouts" in said
    again = ask(tmp_path / "b", Reclaim(tree, GOOD, noise=0.03), commits, command[5],
                float(command[6]))
    assert again.run().culprit == commits[CHANGES.index(POLICY)]


def test_equivalent_ends_are_no_regression(history: tuple[Path, list[str]], tmp_path: Path) -> None:
    tree, commits = history
    bisect = ask(tmp_path / "a", Reclaim(tree, GOOD[:1], GOOD[:1]), commits)
    with pytest.raises(NothingToBisect, match="no regression between them.*allocstall per page"):
        bisect.run()


def test_ends_that_were_killed_on_the_way_to_a_look_go_on(history: tuple[Path, list[str]],
                                                          tmp_path: Path) -> None:
    tree, commits = history
    lab = Reclaim(tree, GOOD, noise=0.03)
    bisect = ask(tmp_path / "a", lab, commits)
    lab.dies_in = 17            # of 7 boots of an end at the first look, and 6 more at the next
    with pytest.raises(bisectlab.Killed):
        bisect.run()
    with pytest.raises(NothingToBisect, match="24 and 24 layouts"):
        bisect.run()
    assert len(lab.booted) == len(set(lab.booted)) == 50
