# SPDX-License-Identifier: GPL-2.0-only
"""Nodes of a real Slurm cluster that are lost: before a task begins, in a boot, between two.

Both nodes are this machine, as tests/cluster.py has them.  One is lost as a machine is that loses
its power: its slurmd, its steps and all that they started end at once.
"""
from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import NODES, Cluster, missing
from tests.faults.fault import NotHere, Seen, fault
from tests.faults.lab import Lab
from tests.faults.runs import seen

_VERDICT = "Verdict: INCONCLUSIVE"
_AGAIN = (r"warning: sample \d+: .+: its job ended on (left|right) without it.*; queued again "
          r"\(1 of 2 times\)")


@contextmanager
def cluster(lab: Lab) -> Iterator[Cluster]:
    if absent := missing():
        raise NotHere(f"{', '.join(absent)} not installed; setup/install slurm adds them")
    one = Cluster()
    lab.env["SLURM_CONF"] = str(one.conf)
    try:
        yield one
    finally:
        one.ask("scancel", "--me")
        one.stop()


def _nodes_of(lab: Lab) -> list[str]:
    """Where tasks of the campaign have begun."""
    return [one.read_text() for one in lab.campaign.glob("parts/*-*/node")]


def _children(pid: int) -> Iterator[int]:
    """All that descend from a process."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid:
            yield int(entry.name)
            yield from _children(int(entry.name))


def _steps(node: str) -> list[int]:
    """The slurmstepd of a node's: they outlive their slurmd, and name it in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().startswith("slurmstepd"):
                under = [int(entry.name), *_children(int(entry.name))]
                named = any(f"SLURMD_NODENAME={node}".encode() in
                            Path(f"/proc/{one}/environ").read_bytes() for one in under[1:])
                found += under if named else []
        except OSError:
            continue
    return found


def _lose(one: Cluster, node: str) -> None:
    daemon = one.daemons.pop(f"slurmd-{node}")
    for pid in [daemon.pid, *_steps(node)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    daemon.wait()
    one.ask("scontrol", "update", f"nodename={node}", "state=down", "reason=no power")


def _run(lab: Lab, threads: str = "[1]") -> tuple[object, ...]:
    return ("run", lab.experiment(threads=threads), "--results", lab.results, "--executor", "slurm")


@fault("nodes-lost-waiting", "slurm", "both nodes are lost before a task begins",
       outcome="no sample", status=4,
       line=r"swapscale: slurm: no node takes the 1 tasks that are left: .+ \(down.*: no power\).*")
def _waiting(lab: Lab) -> Seen:
    with cluster(lab) as one:
        for node in NODES:
            _lose(one, node)
        told = seen(lab, lab.run(*_run(lab)))  # type: ignore[arg-type]
        assert not one.queue(), "a job is left in the queue"
    return told


@fault("node-lost-booting", "slurm", "the node is lost while a guest of its boots",
       outcome="ok", status=3, line=_AGAIN)
def _booting(lab: Lab) -> Seen:
    with cluster(lab) as one:
        process = lab.start(*_run(lab))  # type: ignore[arg-type]
        lab.until(lab.guests)
        (lost,) = _nodes_of(lab)
        _lose(one, lost)
        done = lab.end(process)
        assert len(set(_nodes_of(lab))) == 2, "the other node made nothing"
        assert not one.queue(), "a job is left in the queue"
        line = next((line for line in done.said.splitlines() if "queued again" in line),
                    done.complaint)
        return Seen(seen(lab, done).outcome, str(done.status), lab.plain(line))


@fault("node-lost-between", "slurm", "the node of one sample is lost, the other's is on record",
       outcome="ok", status=3, line=_AGAIN)
def _between(lab: Lab) -> Seen:
    with cluster(lab) as one:
        process = lab.start(*_run(lab, "[1, 2]"))  # type: ignore[arg-type]
        lab.until(lambda: len(lab.guests()) == 2)
        later = lab.guests()[0]
        os.kill(later, signal.SIGSTOP)         # however fast this machine is
        node = Path(f"/proc/{later}/environ").read_bytes().split(b"SLURMD_NODENAME=")[1]
        lab.until(lambda: lab.samples(torn=True))
        _lose(one, node.split(b"\0")[0].decode())
        done = lab.end(process)
        line = next((line for line in done.said.splitlines() if "queued again" in line),
                    done.complaint)
        return Seen(seen(lab, done).outcome, str(done.status), lab.plain(line))


@fault("node-lost-with-runner", "slurm", "the node and the runner that submitted are lost",
       outcome="gone on with", status="killed, then 3", line=_VERDICT)
def _with_runner(lab: Lab) -> Seen:
    with cluster(lab) as one:
        process = lab.start(*_run(lab))  # type: ignore[arg-type]
        lab.until(lab.guests)
        process.kill()
        process.wait()
        _lose(one, _nodes_of(lab)[0])
        again = lab.run("run", "--resume", lab.campaign, "--executor", "slurm")
        return Seen("gone on with", f"killed, then {again.status}", seen(lab, again).line)
