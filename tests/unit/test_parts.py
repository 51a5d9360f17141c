# SPDX-License-Identifier: GPL-2.0-only
"""Samples that tasks made, on their way into the campaign: each once, whatever is killed."""
from __future__ import annotations

import threading
from pathlib import Path

import pytest

from runner import programs
from runner.campaign import slurm, task
from runner.campaign.campaign import Campaign
from runner.campaign.parts import Parts
from runner.campaign.sample import Setting
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.progress import Progress
from runner.records import Accelerator, BuiltKernel, Cell
from tests.conftest import ROOT
from tests.unit.madesamples import BASE, instructions, sample


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    (tmp_path / "parts").mkdir()
    return Parts(tmp_path / "parts")


def land(parts: Parts, batch: int, number: int, says: str = "console") -> Path:
    """A task of one sample, done."""
    attempt = parts.begin(batch, 0, "n1")
    evidence = attempt / f"{number:04d}"
    evidence.mkdir()
    (evidence / "console.log").write_text(says)
    parts.land(attempt, sample(BASE, "exact", instructions(1.0), number))
    return attempt


def test_a_sample_moves_once_with_its_evidence(parts: Parts, tmp_path: Path) -> None:
    campaign, have = Campaign(tmp_path), set[int]()
    attempt = land(parts, 1, 3)
    (attempt / "0003.retried").mkdir()
    assert [one.number for one in parts.merge(campaign, have)] == [3]
    assert parts.merge(campaign, have) == [] and have == {3}
    assert [one.number for one in campaign.samples()] == [3]
    assert (tmp_path / "evidence/0003/console.log").read_text() == "console"
    assert (tmp_path / "evidence/0003.retried").is_dir()


def test_a_lost_task_that_lives_on_adds_nothing(parts: Parts, tmp_path: Path) -> None:
    campaign, have = Campaign(tmp_path), set[int]()
    land(parts, 2, 3, "successor")
    parts.merge(campaign, have)
    land(parts, 1, 3, "thought lost")
    assert parts.merge(campaign, have) == []
    assert len(campaign.samples()) == 1
    assert (tmp_path / "evidence/0003/console.log").read_text() == "successor"
    assert not list((tmp_path / "parts").glob("*/0003*"))


def test_killed_before_the_line_was_written(parts: Parts, tmp_path: Path) -> None:
    campaign = Campaign(tmp_path)
    attempt = land(parts, 1, 3)
    (tmp_path / "evidence").mkdir()
    (attempt / "0003").rename(tmp_path / "evidence/0003")
    assert [one.number for one in parts.merge(campaign, set())] == [3]
    assert (tmp_path / "evidence/0003/console.log").exists()


def test_killed_after_the_line_was_written(parts: Parts, tmp_path: Path) -> None:
    campaign = Campaign(tmp_path)
    campaign.append(sample(BASE, "exact", instructions(1.0), 3))
    land(parts, 1, 3)
    assert parts.merge(campaign, {3}) == []
    assert len(campaign.samples()) == 1


def test_evidence_without_its_line_is_no_sample(parts: Parts, tmp_path: Path) -> None:
    (parts.begin(1, 0, "n1") / "0003").mkdir()
    assert parts.merge(Campaign(tmp_path), set()) == []


def test_batches_and_nodes(parts: Parts) -> None:
    assert [parts.new_batch([[0], [1, 2]]), parts.new_batch([[5]])] == [1, 2]
    assert parts.batch(1) == [[0], [1, 2]]
    parts.keep_nodes({"pmem 1 swapstorm exact": "n1"})
    assert parts.nodes() == {"pmem 1 swapstorm exact": "n1"}
    assert (parts.node(1, 0), parts.last_words(1, 0)) == ("", "")


def test_broken_nodes_file(parts: Parts) -> None:
    (parts.folder / "nodes.json").write_text("[")
    with pytest.raises(UsageError, match="nodes.json"):
        parts.nodes()


def test_a_place_is_one_group() -> None:
    first = Cell(BASE, "pmem", 1, "swapstorm", "timed")
    assert slurm.group(first) == slurm.group(Cell("6.1:other", "pmem", 1, "swapstorm", "timed"))
    assert slurm.group(first) != slurm.group(Cell(BASE, "brd", 1, "swapstorm", "timed"))


@pytest.mark.parametrize("made, says", [
    ("other", "the guest's programs in"), ("", "XDG_CACHE_HOME")])
def test_a_node_that_lacks_something_says_so(parts: Parts, made: str, says: str) -> None:
    programs.build(Progress())
    experiment = plan.load(ROOT / "configs/bench.toml")
    kernel = BuiltKernel(experiment.kernels[0], "perf", "k", "6.1", Path("/nowhere/bzImage"), "s")
    parts.share(Setting(experiment, {(kernel.name, "perf"): kernel}, Accelerator.TCG,
                        made or programs.digest(experiment.tiers), threading.Event()))
    batch = parts.new_batch([[0]])
    with pytest.raises(CannotMeasure, match=says):
        task.make(parts, batch, 0, Progress())
    error = parts.error(batch, 0)
    assert isinstance(error, CannotMeasure) and says in str(error)
    assert parts.node(batch, 0) == task.node()


def test_a_task_without_its_campaign_says_so(parts: Parts) -> None:
    with pytest.raises(CannotMeasure, match="all nodes see under the same path"):
        task.make(parts, 1, 0, Progress())
