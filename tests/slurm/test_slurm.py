# SPDX-License-Identifier: GPL-2.0-only
"""Real campaigns and nights through a real Slurm of two nodes, both on this machine."""
from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner import programs
from runner.campaign.store import load_samples
from runner.kernel import build
from runner.nightly import history, indexfile, nightfile
from runner.progress import Progress
from tests.cluster import NODES, Cluster, missing
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
devices = {devices}
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
                 tiers: str = '["exact"]', devices: str = '["pmem"]') -> None:
        experiment = folder / "x.toml"
        experiment.write_text(EXPERIMENT.format(tiers=tiers, devices=devices))
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
    assert set(json.loads((run.campaign / "parts/nodes.json").read_text()).values()) <= set(NODES)
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


@contextmanager
def drained(cluster: Cluster, *nodes: str) -> Iterator[None]:
    name = f"nodename={','.join(nodes)}"
    cluster.ask("scontrol", "update", name, "state=drain", "reason=bad DIMM")
    try:
        yield
    finally:
        cluster.ask("scontrol", "update", name, "state=resume")


def test_drained_nodes_are_one_line_and_the_end(cluster: Cluster, tmp_path: Path) -> None:
    with drained(cluster, *NODES):
        run = Run(cluster, tmp_path)
        assert run.wait() == 4
        said = one_line(run.log())
        assert f"{','.join(NODES)} (drained: bad DIMM)" in said or \
            all(f"{node} (drained: bad DIMM)" in said for node in NODES), said
        assert "--resume" in said
    cluster.empty()


def where(campaign: Path) -> dict[int, str]:
    """The node that each sample's task ran on."""
    parts, found = campaign / "parts", {}
    for one in parts.glob("batch-*.json"):
        number = one.stem.removeprefix("batch-")
        for at, samples in enumerate(json.loads(one.read_text())):
            node = (parts / f"{number}-{at}" / "node").read_text()
            found |= dict.fromkeys(samples, node)
    return found


def test_groups_are_spread_over_nodes_and_no_sample_is_doubled(
        cluster: Cluster, tmp_path: Path) -> None:
    run = Run(cluster, tmp_path, devices='["pmem", "brd"]')
    assert run.wait() == 0, run.log()
    samples = load_samples(run.campaign / "samples.jsonl")
    # Two devices, base and test each, and the first cell of all twice.
    assert sorted(one.number for one in samples) == list(range(5))
    assert [one.invalid for one in samples] == [()] * 5
    ran = where(run.campaign)
    assert sorted(ran) == list(range(5))
    by_device = {device: {ran[one.number] for one in samples if one.cell.device == device}
                 for device in ("pmem", "brd")}
    # What is held against each other was made on one node, and each device on its own.
    assert all(len(nodes) == 1 for nodes in by_device.values()), by_device
    assert set.union(*by_device.values()) == set(NODES)


def test_a_drained_node_leaves_the_work_to_the_other(cluster: Cluster, tmp_path: Path) -> None:
    with drained(cluster, NODES[0]):
        run = Run(cluster, tmp_path, devices='["pmem", "brd"]')
        assert run.wait() == 0, run.log()
    assert sorted(run.numbers()) == list(range(5))
    assert set(where(run.campaign).values()) == {NODES[1]}


def test_nights_are_made_by_the_nodes(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "load.toml").write_text(EXPERIMENT.format(tiers='["exact"]',
                                                          devices='["pmem", "brd"]'))
    (tmp_path / "n.toml").write_text('format = 1\nkernels = ["6.1:vanilla"]\n'
                                     'experiment = "load.toml"\n')
    results = tmp_path / "results"
    for _ in range(2):
        done = subprocess.run(
            [ROOT / "swapscale", "nightly", tmp_path / "n.toml", "--results", results,
             "--executor", "slurm"], text=True, capture_output=True, env=cluster.env, cwd=ROOT,
            check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "no regression (exit status 0)" in done.stdout
        assert "slurm: job" in done.stderr
    nights = indexfile.campaigns(results)
    assert len(nights) == 2
    for night in nights:
        record = nightfile.read(night)
        assert record and record.good
        assert sorted(one.number for one in load_samples(night / "samples.jsonl")) == [0, 1, 2]
        assert set(where(night).values()) == set(NODES)
    # One series each, whichever node made it: the nodes are of one class of host.
    assert {(one.key.device, len(one.nights)) for one in history.read(results).series
            if one.gated} == {("pmem", 2), ("brd", 2)}


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
