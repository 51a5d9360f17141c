# SPDX-License-Identifier: GPL-2.0-only
"""Slurm's commands: what they are asked, what they say.

Where a site has several clusters, sbatch sends a job to one of those that SBATCH_CLUSTERS or
SLURM_CLUSTERS names, and says which ('ID;CLUSTER').  Every later question about the job goes
there: ids are a cluster's own, and the default cluster knows nothing of another's jobs.
"""
from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.errors import CannotMeasure, printable

#: squeue's fields: array's id, index in it, state, nodes, name, why it waits.
_FIELDS = "%F|%K|%T|%r|%N|%j"
_SECONDS = 120.0
#: What squeue says of a job that no node will take as things are.
_UNAVAILABLE = ("Nodes required for job are DOWN, DRAINED", "ReqNodeNotAvail")
#: Arrays are cut to this; Slurm's own bound (MaxArraySize) is 1001 unless it was changed.
ARRAY = 1000


_CLUSTER = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
#: Of the user's shell what would hide jobs from us, make sbatch wait for their end, or, where we
#: run inside a job ourselves, stand against what we ask for.  SBATCH_* else is the user's say.
_NOT_OURS = re.compile(r"(SQUEUE|SCANCEL|SINFO)_\w+|SBATCH_WAIT|SLURM_MEM_PER_\w+"
                       r"|SBATCH_MEM_PER_\w+|SLURM_(CPUS|TRES)_PER_TASK")
#: States of a job that has no node; from some of them nobody but an administrator helps it on.
_WAITING = frozenset({"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT",
                      "RESV_DEL_HOLD", "SUSPENDED", "STOPPED"})
#: Between a node and the cluster it is in, which no name of either has.
IN = "@"


@dataclass(frozen=True)
class Job:
    """An array, wherever it was sent."""

    number: int
    cluster: str = ""         # '': the default one, where nobody named any

    def __str__(self) -> str:
        return f"{self.number} on cluster {self.cluster}" if self.cluster else str(self.number)


@dataclass(frozen=True)
class Queued:
    """One task of one of our arrays, as the queue shows it."""

    job: Job
    index: int
    state: str                # 'PENDING', 'RUNNING', 'COMPLETING', …
    reason: str               # why it waits; 'None' where it does not
    node: str                 # '' while it waits
    name: str

    @property
    def waits(self) -> bool:
        return self.state in _WAITING

    @property
    def stuck(self) -> bool:
        """Whether all nodes that could take it are down or drained."""
        return self.waits and self.reason.startswith(_UNAVAILABLE)


@dataclass(frozen=True)
class Request:
    """One array to submit."""

    name: str
    script: str
    folder: str               # where the tasks' output goes
    output: str               # file name pattern in it
    tasks: int
    cpus: int
    memory: int               # MiB; 0: the node's
    exclusive: bool
    node: str = ""            # that one and no other, NODE or NODE@CLUSTER; '': any


def _clusters(known: Iterable[str]) -> list[str]:
    """Every cluster a job of ours may be in: those it is known of, else those sbatch chooses from.

    '' is the default one.
    """
    told = os.environ.get("SBATCH_CLUSTERS") or os.environ.get("SLURM_CLUSTERS") or ""
    named = [word.strip() for word in told.split(",") if word.strip()]
    return sorted({*known, *named}) or [""]


def _run(argv: Sequence[str], script: str | None = None, clusters: Sequence[str] = ()) -> str:
    """What the command prints; asked of these clusters, where they have names."""
    environment = {key: value for key, value in os.environ.items()
                   if not _NOT_OURS.fullmatch(key)}
    if named := ",".join(cluster for cluster in clusters if cluster):
        argv = [argv[0], f"--clusters={named}", *argv[1:]]
        # Wrappers that sites put in front look at the one or at the other.
        environment["SLURM_CLUSTERS"] = named
    elif clusters:
        environment.pop("SLURM_CLUSTERS", None)
    try:
        done = subprocess.run(list(argv), input=script if script is not None else "", text=True,
                              capture_output=True, errors="replace", timeout=_SECONDS,
                              check=False, env=environment)
    except FileNotFoundError:
        raise CannotMeasure(f"{argv[0]}: is not installed; install package slurm-client, or "
                            "measure with --executor local") from None
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{argv[0]}: no answer in {_SECONDS:.0f} s; ask 'scontrol ping', "
                            "then go on with --resume") from None
    if done.returncode:
        raise CannotMeasure(complaint(argv[0], done.stderr))
    return done.stdout


def complaint(program: str, stderr: str) -> str:
    """What a command that failed said, in one line."""
    said = [line.removeprefix(f"{program}: ").removeprefix("error: ").removeprefix("fatal: ")
            for line in stderr.splitlines() if line.strip()]
    text = printable("; ".join(said) or "failed without a word", 300)
    return f"{program}: {text} (see 'scontrol ping' and 'sinfo'; --executor local needs no cluster)"


def submit(request: Request) -> Job:
    """The new array; CannotMeasure says what sbatch said."""
    argv = ["sbatch", "--parsable", "--no-requeue", f"--job-name={request.name}",
            f"--array=0-{request.tasks - 1}", "--nodes=1", "--ntasks=1",
            f"--cpus-per-task={request.cpus}", f"--mem={request.memory}M",
            f"--chdir={request.folder}", f"--output={request.output}"]
    if request.exclusive:
        argv.append("--exclusive")
    node, _, cluster = request.node.partition(IN)
    if node:
        argv.append(f"--nodelist={node}")
    lines = _run(argv, request.script, [cluster] if cluster else []).split("\n")
    # Sites greet above it, on the same stream.
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    number, _, where = said.partition(";")
    if not number.isdigit() or (where and not _CLUSTER.fullmatch(where)):
        raise CannotMeasure(f"sbatch: {printable(said, 80)!r} is no job's number")
    return Job(int(number), where)


def parse(text: str) -> list[Queued]:
    """Read squeue's lines; CannotMeasure where one is not as it was asked for."""
    queued = []
    cluster = ""
    for line in text.splitlines():
        # One above each cluster's lines where any was named, --noheader or not.
        if line.startswith("CLUSTER: ") and _CLUSTER.fullmatch(line.split(": ", 1)[1].strip()):
            cluster = line.split(": ", 1)[1].strip()
            continue
        if cluster and not line.strip():
            continue
        fields = line.split("|", 5)  # a name may be anything, of the user's other jobs
        if len(fields) != 6 or not fields[0].isdigit():
            raise CannotMeasure(f"squeue: {printable(line, 80)!r} is not as asked for; is a "
                                "wrapper in front of it?")
        job, index, state, reason, node, name = fields
        # A job of the user's that is no array has 'N/A' for its index.
        queued.append(Queued(Job(int(job), cluster), int(index) if index.isdigit() else -1, state,
                             reason, node, name))
    return queued


def listed(prefix: str, known: Iterable[str] = ()) -> list[Queued]:
    """Our tasks that wait or run, of all arrays whose name begins with `prefix`.

    `known` are clusters that have taken jobs of ours, '' the default one.
    """
    queued = []
    asked = _clusters(known)
    for some in ([cluster for cluster in asked if cluster],
                 [cluster for cluster in asked if not cluster]):
        if some:
            queued += parse(_run(["squeue", "--me", "--noheader", "--array", "--format", _FIELDS],
                                 clusters=some))
    return [task for task in queued if task.name.startswith(prefix)]


def cancel(jobs: Iterable[Job]) -> None:
    """End arrays, those already gone included, each in its cluster."""
    by_cluster: dict[str, set[int]] = {}
    for job in jobs:
        by_cluster.setdefault(job.cluster, set()).add(job.number)
    failed = []
    for cluster, numbers in sorted(by_cluster.items()):
        try:
            _run(["scancel", "--quiet", *map(str, sorted(numbers))], clusters=[cluster])
        except CannotMeasure as error:
            failed.append(error)
    if failed:
        raise failed[0]


def ailing(known: Iterable[str] = ()) -> str:
    """Nodes that do not take jobs and why, 'a (drained: bad disk)'; '' where none says."""
    try:
        text = _run(["sinfo", "--noheader", "--list-reasons", "--format", "%N|%T|%E"],
                    clusters=[cluster for cluster in _clusters(known) if cluster])
    except CannotMeasure:
        return ""
    told = []
    for line in text.splitlines():
        if line.startswith("CLUSTER: ") or not line.strip():
            continue
        node, _, rest = line.partition("|")
        state, _, reason = rest.partition("|")
        told.append(f"{node} ({state}: {reason})")
    return printable(", ".join(told))
