# SPDX-License-Identifier: GPL-2.0-only
"""Real campaigns through a real Slurm: munged, slurmctld, slurmd on this machine."""
from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner import programs
from runner.evidence import load_samples
from runner.kernel import build
from runner.progress import Progress
from tests.cluster import NODE, Cluster, missing
from tests.conftest import ROOT, one_line

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(bool(missing()), reason=f"{', '.join(missing())} not installed; "
                                               "setup/install slurm adds them")]

EXPERIMENT = """\
format = 1
title = "through slurm"
base = "6.1:vanilla"
test = ["6.1:batch-add"]
tiers = {tiers}
[guest]
ram_mib = 256
swap_mib = 320
[workload]
ratio = 1.25
[rules]
# What else the machine does while it runs tests is no property of swapscale.
host = "any"
pairs = 1
pswpout_floor = 1000
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    programs.build(Progress())
    for name in ("6.1:vanilla", "6.1:batch-add"):
        build.build(name, "perf", Progress())
    one = Cluster()
    yield one
    one.stop()


class Run:
    """./swapscale run --executor slurm, under way."""

    def __init__(self, cluster: Cluster, folder: Path, *args: str,
                 tiers: str = '["exact"]') -> None:
        experiment = folder / "x.toml"
        experiment.write_text(EXPERIMENT.format(tiers=tiers))
        self.folder = folder
        self._args = ["--executor", "slurm", *args]
        self._cluster = cluster
        self.process = self._start(str(experiment), "--results", str(folder / "results"))

    def _start(self, *args: str) -> subprocess.Popen[str]:
        self._log = open(self.folder / "log", "w", encoding="utf-8")
        return subprocess.Popen([str(ROOT / "swapscale"), "run", *args, *self._args], text=True,
                                env=self._cluster.env, stdout=subprocess.DEVNULL,
                                stderr=self._log, cwd=ROOT)

    def resume(self) -> None:
        self.process = self._start("--resume", str(self.campaign))

    @property
    def campaign(self) -> Path:
        (found,) = (self.folder / "results").iterdir()
        return found

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def numbers(self) -> list[int]:
        """Of the samples on record, in order of their landing."""
        path = self.campaign / "samples.jsonl"
        return [one.number for one in load_samples(path, torn=True)] if path.exists() else []

    def until(self, there: Callable[[], bool]) -> None:
        end = time.monotonic() + 900
        while not there():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.5)

    def wait(self) -> int:
        status = self.process.wait(1800)
        self._log.close()
        return status


def running(cluster: Cluster) -> list[str]:
    return [line.split()[0] for line in cluster.queue() if line.endswith(" RUNNING")]


def guests(campaign: Path) -> list[Path]:
    """Evidence of the boots that are under way: with a console that has begun."""
    return [one for one in (campaign / "parts").glob("*/*/console.log") if one.stat().st_size]


def test_one_job_killed_on_the_way_and_every_sample_once(cluster: Cluster, tmp_path: Path) -> None:
    run = Run(cluster, tmp_path, tiers='["exact", "timed"]')
    run.until(lambda: bool(running(cluster)) and bool(guests(run.campaign)))
    victim = running(cluster)[0]
    cluster.ask("scancel", victim)
    # Fewer instructions; the pair's emulated time decides nothing.
    assert run.wait() == 0, run.log()
    assert run.log().count("queued again (1 of 2 times)") == 1, run.log()
    # Three exact boots, the first cell twice, and a pair.
    assert sorted(run.numbers()) == [0, 1, 2, 3, 4]
    samples = load_samples(run.campaign / "samples.jsonl")
    assert [one.invalid for one in samples] == [()] * 5
    assert {one.accelerator for one in samples if one.cell.tier == "exact"} == {"icount"}
    # The first cell's two boots are the same to the byte here, too.
    twice = [one.fingerprint for one in samples if one.number in (0, 1)]
    assert twice[0] == twice[1]
    for one in samples:
        assert (run.campaign / one.evidence / "channel.bin").stat().st_size
    assert set(json.loads((run.campaign / "parts/nodes.json").read_text()).values()) == {NODE}
    # The pair was one task, alone on its node.
    batches = [json.loads(one.read_text()) for one in (run.campaign / "parts").glob("batch-*.json")]
    assert [[3, 4]] in batches
    assert not cluster.queue() and not list((run.campaign / "parts").glob("*/*.json"))

    before = (run.campaign / "samples.jsonl").read_bytes()
    run.resume()
    assert run.wait() == 0
    assert (run.campaign / "samples.jsonl").read_bytes() == before


def test_killed_submitter_takes_its_tasks_up_again(cluster: Cluster, tmp_path: Path) -> None:
    run = Run(cluster, tmp_path)
    run.until(lambda: bool(running(cluster)) and bool(guests(run.campaign)))
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    assert cluster.queue()
    run.resume()
    assert run.wait() == 0, run.log()
    assert "of this campaign are in the queue" in run.log()
    assert sorted(run.numbers()) == [0, 1, 2]
    assert "queued again" not in run.log()


def test_interrupted_submitter_leaves_no_job(cluster: Cluster, tmp_path: Path) -> None:
    run = Run(cluster, tmp_path)
    run.until(lambda: bool(running(cluster)))
    run.process.send_signal(signal.SIGINT)
    assert run.wait() == 130
    assert "--resume" in run.log()
    end = time.monotonic() + 60
    while cluster.queue() and time.monotonic() < end:
        time.sleep(0.5)
    assert not cluster.queue()


def test_drained_node_is_one_line_and_the_end(cluster: Cluster, tmp_path: Path) -> None:
    cluster.ask("scontrol", "update", f"nodename={NODE}", "state=drain", "reason=bad DIMM")
    try:
        run = Run(cluster, tmp_path)
        assert run.wait() == 4
        said = one_line(run.log())
        assert f"{NODE} (drained: bad DIMM)" in said and "--resume" in said
    finally:
        cluster.ask("scontrol", "update", f"nodename={NODE}", "state=resume")
    cluster.empty()


def test_job_that_never_begins_is_given_up(cluster: Cluster, tmp_path: Path) -> None:
    cluster.ask("scontrol", "update", "partitionname=all", "state=down")
    try:
        run = Run(cluster, tmp_path, "--patience", "1")
        run.until(lambda: bool(cluster.queue()))
        assert run.wait() == 4
        said = one_line(run.log())
        assert "no task began within 1 min 00 s" in said and "PartitionDown" in said
    finally:
        cluster.ask("scontrol", "update", "partitionname=all", "state=up")
    cluster.empty()


def test_dead_controller_is_one_line(cluster: Cluster, tmp_path: Path) -> None:
    cluster.end("slurmctld")
    try:
        run = Run(cluster, tmp_path)
        assert run.wait() == 4
        assert "Unable to contact slurm controller" in one_line(run.log())
    finally:
        cluster.controller()
