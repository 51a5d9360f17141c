# SPDX-License-Identifier: GPL-2.0-only
"""Samples made as array tasks of a Slurm cluster.

The checkout, the cache of kernels and the campaign's folder are on a file system that all
nodes share.  What decides is whether a sample's part has landed, never what the queue says
of its task: a task that left the queue without its samples is lost, and they are queued again.
"""
from __future__ import annotations

import functools
import hashlib
import shlex
import sys
import time
from collections import Counter
from dataclasses import dataclass

from runner import paths
from runner.asked import Planned
from runner.campaign import queue
from runner.campaign.campaign import Campaign
from runner.campaign.executor import Executor, complain, what
from runner.campaign.parts import Parts
from runner.campaign.queue import IN, Job, Queued
from runner.campaign.sample import Setting
from runner.errors import CannotMeasure, SwapscaleError
from runner.progress import Progress, Step, duration
from runner.records import MIB, Cell, Sample

POLL = 2.0                    # seconds
#: Looks at the queue for which a task may be missing while its part is on its way (NFS), all
#: nodes may be away, or the controller may not answer.
LOOKS = 3
#: How often one sample may be lost.
LOSSES = 3
PATIENCE = 24 * 3600.0        # seconds with no task running
#: Beside the guest's memory: QEMU, its translated code (up to 1 GiB) and this program.
_MORE_MIB = 1536

Task = tuple[int, int]        # batch, index in its array


@dataclass
class _Active:
    """A task that was submitted and has not been seen to end."""

    job: Job
    numbers: list[int]
    missed: int = 0


def group(cell: Cell) -> str:
    """What must be made on one node: figures of several hosts are not held against each other."""
    return f"{cell.device} {cell.threads} {cell.workload} {cell.tier}"


def job_name(campaign: Campaign) -> str:
    """What all array names of a campaign begin with."""
    digest = hashlib.sha256(str(campaign.folder.resolve()).encode()).hexdigest()
    return f"swapscale-{digest[:12]}-"


def executor(patience: float = PATIENCE) -> Executor:
    """Measures on a cluster; gives up after `patience` seconds with no task running."""
    return functools.partial(_measure, patience)


def _measure(patience: float, setting: Setting, todo: list[Planned], campaign: Campaign,
             progress: Progress) -> list[Sample]:
    return _Run(setting, todo, campaign, progress, patience).all() if todo else []


class _Run:
    """One batch of samples, from the queue to samples.jsonl."""

    def __init__(self, setting: Setting, todo: list[Planned], campaign: Campaign,
                 progress: Progress, patience: float) -> None:
        self.setting, self.campaign, self.progress = setting, campaign, progress
        self.patience = patience
        self.todo = {boot.number: boot for boot in todo}
        self.parts = Parts(campaign.folder / "parts")
        self.prefix = job_name(campaign)
        self.active: dict[Task, _Active] = {}
        self.have = {sample.number for sample in campaign.samples()} \
            if campaign.samples_file.exists() else set[int]()
        self.taken: list[Sample] = []
        self.losses: Counter[int] = Counter()
        self.silent = self.stuck = 0
        self.moved = time.monotonic()

    def all(self) -> list[Sample]:
        """Every sample of the batch, and what an earlier runner's tasks left."""
        self.parts.share(self.setting)
        self._adopt(queue.listed(self.prefix, self.parts.clusters()))
        try:
            with self.progress.step("all samples") as whole:
                self._merge()
                while self.todo.keys() - self.have:
                    self._submit()
                    time.sleep(POLL)
                    self._show(whole, self._look())
        except BaseException:
            self._cancel()
            raise
        return self.taken

    def _cancel(self) -> None:
        try:
            queue.cancel(task.job for task in self.active.values())
        except SwapscaleError as error:
            self.progress.warn(f"jobs may be left in the queue: {error}")

    def _adopt(self, queued: list[Queued]) -> None:
        """Take over what a runner that was killed had submitted."""
        for job in queued:
            batch = int(job.name.removeprefix(self.prefix))
            self.active[batch, job.index] = _Active(job.job, self.parts.batch(batch)[job.index])
        if queued:
            self.progress.log(f"slurm: {len(queued)} tasks of this campaign are in the queue; "
                              "their samples are waited for")

    def _merge(self) -> None:
        for got in self.parts.merge(self.campaign, self.have):
            self.taken.append(got)
            self.moved = time.monotonic()
            if planned := self.todo.get(got.number):
                where = self._nodes().get(group(planned.cell), "?")
                self.progress.log(f"{what(planned)}: done in {duration(got.wall_seconds)} on "
                                  f"node {where}")
                complain(got, planned, self.campaign, self.progress)

    def _nodes(self) -> dict[str, str]:
        """The node of each group, those that began a moment ago included."""
        kept = self.parts.nodes()
        nodes = dict(kept)
        for task, active in self.active.items():
            if (where := self.parts.node(*task)) and active.numbers[0] in self.todo:
                # The next of the group must go to the same cluster to find it.
                nodes.setdefault(group(self.todo[active.numbers[0]].cell), where
                                 + (f"{IN}{active.job.cluster}" if active.job.cluster else ""))
        if nodes != kept:
            self.parts.keep_nodes(nodes)
        return nodes

    def _submit(self) -> None:
        """Queue all that may be queued now."""
        busy = {number for active in self.active.values() for number in active.numbers}
        working = {group(self.todo[number].cell) for number in busy if number in self.todo}
        waiting: dict[str, list[int]] = {}
        for number in sorted(self.todo.keys() - self.have - busy):
            waiting.setdefault(group(self.todo[number].cell), []).append(number)
        nodes = self._nodes()
        arrays: dict[tuple[str, bool], list[list[int]]] = {}
        for name, numbers in waiting.items():
            node = nodes.get(name, "")
            counted = self.setting.counts(self.todo[numbers[0]].cell.tier)
            tasks = arrays.setdefault((node, counted), [])
            if counted and node:
                tasks += [[number] for number in numbers]
            elif name not in working:
                # Not counted: one after the other in one task, as pairs want it.  Counted: the
                # first alone, and where it begins the others follow.
                tasks.append(numbers[:1] if counted else numbers)
        for (node, counted), tasks in arrays.items():
            for at in range(0, len(tasks), queue.ARRAY):
                self._array(tasks[at:at + queue.ARRAY], node, counted)

    def _array(self, tasks: list[list[int]], node: str, counted: bool) -> None:
        guest = self.setting.experiment.guest
        batch = self.parts.new_batch(tasks)
        folder = self.parts.folder.resolve()
        command = shlex.join([sys.executable, "-m", "runner.campaign.task", str(folder),
                              str(batch)])
        script = f"#!/bin/sh\ncd {shlex.quote(str(paths.ROOT))} && exec {command}\n"
        job = queue.submit(queue.Request(
            f"{self.prefix}{batch}", script, str(folder), f"{batch}-%a.log", len(tasks),
            1 if counted else guest.vcpus,
            (guest.ram + guest.swap) // MIB + _MORE_MIB if counted else 0, not counted, node))
        self.active |= {(batch, at): _Active(job, numbers) for at, numbers in enumerate(tasks)}
        self.parts.keep_cluster(job.cluster)
        self.moved = time.monotonic()
        self.progress.log(f"slurm: job {job}, {len(tasks)} task" + "s" * (len(tasks) != 1)
                          + (f" for node {node}" if node else ""))

    def _look(self) -> list[Queued]:
        """See what became of our tasks; SwapscaleError where no more can come of them."""
        try:
            queued = queue.listed(self.prefix, self.parts.clusters())
        except CannotMeasure:
            self.silent += 1
            if self.silent >= LOOKS:
                raise
            return []
        self.silent = 0
        there = {(int(job.name.removeprefix(self.prefix)), job.index) for job in queued}
        self._merge()
        for task, active in list(self.active.items()):
            if failed := self.parts.error(*task):
                raise failed
            active.missed = 0 if task in there else active.missed + 1
            missing = [number for number in active.numbers if number not in self.have]
            if not missing or active.missed >= LOOKS:
                del self.active[task]
                self._lost(task, [number for number in missing if number in self.todo])
        self._stop_if_hopeless([job for job in queued
                                if (int(job.name.removeprefix(self.prefix)), job.index)
                                in self.active])
        return queued

    def _lost(self, task: Task, missing: list[int]) -> None:
        if not missing:
            return
        first = self.todo[missing[0]]
        where = self.parts.node(*task) or "no node"
        # Only a node that made samples of the group must make the others.
        name, nodes = group(first.cell), self._nodes()
        if name in nodes and name not in {group(sample.cell) for sample in self._recorded()}:
            del nodes[name]
            self.parts.keep_nodes(nodes)
        # The first is the one that was at work; the others had not begun.
        self.losses[first.number] += 1
        count = self.losses[first.number]
        said = self.parts.last_words(*task)
        told = f"{what(first)}: its job ended on {where} without it" + (f": {said}" if said else "")
        if count >= LOSSES:
            raise CannotMeasure(f"{told}; that was the {count}th time. What the tasks said is in "
                                f"{self.parts.folder}; then go on with --resume")
        self.progress.warn(f"{told}; queued again ({count} of {LOSSES - 1} times)")

    def _recorded(self) -> list[Sample]:
        return self.campaign.samples() if self.have else []

    def _stop_if_hopeless(self, queued: list[Queued]) -> None:
        waiting = [job for job in queued if job.waits]
        if len(waiting) < len(queued) or not waiting:
            self.moved, self.stuck = time.monotonic(), 0
            return
        reason = waiting[0].reason
        self.stuck = self.stuck + 1 if all(job.stuck for job in waiting) else 0
        if self.stuck >= LOOKS:
            raise CannotMeasure(
                f"slurm: no node takes the {len(waiting)} tasks that are left: {reason}: "
                f"{queue.ailing(self.parts.clusters()) or 'see sinfo'}; bring the node back "
                "('scontrol update nodename=NODE state=resume'), then go on with --resume")
        if time.monotonic() - self.moved > self.patience:
            raise CannotMeasure(
                f"slurm: no task began within {duration(self.patience)}; squeue says: {reason}. "
                "Ask for another partition (SBATCH_PARTITION), or wait longer (--patience), then "
                "go on with --resume")

    def _show(self, whole: Step, queued: list[Queued]) -> None:
        waiting = [job for job in queued if job.waits]
        done = len(self.todo.keys() & self.have)
        whole.update(done / len(self.todo), f"{done} of {len(self.todo)} samples, "
                     f"tasks running: {len(queued) - len(waiting)}"
                     + (f", waiting: {len(waiting)} ({waiting[0].reason})" if waiting else ""))
