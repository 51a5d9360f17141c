# SPDX-License-Identifier: GPL-2.0-only
"""Slurm's commands: what they are asked, what they say."""
from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import CannotMeasure, printable

#: squeue's fields: array's id, index in it, state, nodes, name, why it waits.
_FIELDS = "%F|%K|%T|%r|%N|%j"
_SECONDS = 120.0
#: What squeue says of a job that no node will take as things are.
_UNAVAILABLE = ("Nodes required for job are DOWN, DRAINED", "ReqNodeNotAvail")
#: Arrays are cut to this; Slurm's own bound (MaxArraySize) is 1001 unless it was changed.
ARRAY = 1000


@dataclass(frozen=True)
class Queued:
    """One task of one of our arrays, as the queue shows it."""

    job: int
    index: int
    state: str                # 'PENDING', 'RUNNING', 'COMPLETING', …
    reason: str               # why it waits; 'None' where it does not
    node: str                 # '' while it waits
    name: str

    @property
    def waits(self) -> bool:
        return self.state == "PENDING"

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
    node: str = ""            # that one and no other; '': any


def _run(argv: Sequence[str], script: str | None = None) -> str:
    try:
        done = subprocess.run(list(argv), input=script if script is not None else "", text=True,
                              capture_output=True, errors="replace", timeout=_SECONDS,
                              check=False)
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


def submit(request: Request) -> int:
    """The id of the new array; CannotMeasure says what sbatch said."""
    argv = ["sbatch", "--parsable", "--no-requeue", f"--job-name={request.name}",
            f"--array=0-{request.tasks - 1}", "--nodes=1", "--ntasks=1",
            f"--cpus-per-task={request.cpus}", f"--mem={request.memory}M",
            f"--chdir={request.folder}", f"--output={request.output}"]
    if request.exclusive:
        argv.append("--exclusive")
    if request.node:
        argv.append(f"--nodelist={request.node}")
    said = _run(argv, request.script).strip()
    # On a cluster of clusters: 'ID;CLUSTER'.
    number = said.split(";")[0]
    if not number.isdigit():
        raise CannotMeasure(f"sbatch: {printable(said, 80)!r} is no job's number")
    return int(number)


def parse(text: str) -> list[Queued]:
    """Read squeue's lines; CannotMeasure where one is not as it was asked for."""
    found = []
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) != 6 or not fields[0].isdigit():
            raise CannotMeasure(f"squeue: {printable(line, 80)!r} is not as asked for; is a "
                                "wrapper in front of it?")
        job, index, state, reason, node, name = fields
        # A job of the user's that is no array has 'N/A' for its index.
        found.append(Queued(int(job), int(index) if index.isdigit() else -1, state, reason, node,
                            name))
    return found


def listed(prefix: str) -> list[Queued]:
    """Our tasks that wait or run, of all arrays whose name begins with `prefix`."""
    text = _run(["squeue", "--me", "--noheader", "--array", "--format", _FIELDS])
    return [one for one in parse(text) if one.name.startswith(prefix)]


def cancel(jobs: Sequence[int]) -> None:
    """End arrays, those already gone included."""
    if jobs:
        _run(["scancel", "--quiet", *map(str, sorted(set(jobs)))])


def ailing() -> str:
    """Nodes that do not take jobs and why, 'a (drained: bad disk)'; '' where none says."""
    try:
        text = _run(["sinfo", "--noheader", "--list-reasons", "--format", "%N|%T|%E"])
    except CannotMeasure:
        return ""
    told = []
    for line in text.splitlines():
        node, _, rest = line.partition("|")
        state, _, reason = rest.partition("|")
        told.append(f"{node} ({state}: {reason})")
    return printable(", ".join(told))
