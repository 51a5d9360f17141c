# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are files.

A real git repository stands for the kernel's.  Its files say what a kernel of it does:

    mm/NAME       a number: what NAME adds to the instructions of a page (ten thousand without any)
    locks/NAME    a number: how often NAME takes the swap cache's lock for a page
    broken        the source does not compile
    fault         "OUTCOME FIRST LAST": how those boots of the kernel end, counted from 1
    spoilt        why its samples do not count
    noise         share of a figure by which boots differ at most

Anything else is no part of the image, so two trees that agree in these have the same one.
"""
from __future__ import annotations

import dataclasses
import hashlib
import io
import random
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.errors import UsageError
from runner.experiment.plan import Planned
from runner.kernel.spec import Spec
from runner.records import Metric
from tests.smallgit import git
from tests.unit import madesamples

BASE = 10000.0


@dataclasses.dataclass(frozen=True)
class Change:
    """A commit: files by name, None where one goes; parents by place, '()' the one before."""

    subject: str
    files: Mapping[str, str | None]
    parents: tuple[int, ...] = ()


def grow(place: Path, changes: Sequence[Change]) -> list[str]:
    """A repository of these commits, the last being master; their object ids."""
    place.mkdir(parents=True)
    git(place, "init", "--quiet", "--bare", "-b", "master")
    lines: list[str] = []
    for at, one in enumerate(changes):
        lines += [f"commit refs/heads/master\nmark :{at + 1}",
                  f"committer T <t@example.org> {1700000000 + at} +0000",
                  f"data {len(one.subject)}\n{one.subject}"]
        parents = one.parents or ((at - 1,) if at else ())
        lines += [f"{word} :{parent + 1}" for word, parent in zip(("from", "merge"), parents)]
        lines += [f"D {path}" if text is None else
                  f"M 100644 inline {path}\ndata {len(text) + 1}\n{text}\n"
                  for path, text in {**one.files, **({} if at else {"root": ""})}.items()]
    subprocess.run(["git", "-C", str(place), "fast-import", "--quiet", "--force",
                    f"--export-marks={place}/marks"], input="\n".join(lines) + "\n", text=True,
                   check=True)
    marks = dict(line.split() for line in (place / "marks").read_text().splitlines())
    return [marks[f":{at + 1}"] for at in range(len(changes))]


def tree(repository: Path, ref: str) -> dict[str, str]:
    """Every file of a commit."""
    packed = subprocess.run(["git", "-C", str(repository), "archive", "--format=tar", ref],
                            capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {one.name: body.read().decode() for one in tar if (body := tar.extractfile(one))}


@dataclasses.dataclass(frozen=True)
class Kernel:
    """What the files of one tree say."""

    files: tuple[tuple[str, str], ...]

    @property
    def image(self) -> str:
        return hashlib.sha256(repr(self.files).encode()).hexdigest()

    def get(self, name: str) -> str:
        return dict(self.files).get(name, "")

    def total(self, folder: str) -> float:
        return sum(float(text) for name, text in self.files if name.startswith(folder))


PARTS = ("mm/", "locks/", "broken", "fault", "spoilt", "noise")


def metrics(kernel: Kernel, planned: Planned, drift: float) -> dict[str, Metric]:
    """Figures as the tier has them; what differs from boot to boot is drawn from its number."""
    # The exact tier's differs with the memory layout alone: it repeats.
    boot = planned.layout if planned.cell.tier == "exact" else planned.repeat
    draw = random.Random(f"{kernel.image} {planned.cell.tier} {boot} {planned.purpose}")
    near = 1.0 + float(kernel.get("noise") or 0.0) * draw.uniform(-1.0, 1.0)
    cost = BASE + kernel.total("mm/")
    if planned.cell.tier == "locks":
        return madesamples.locks(swap_cache_tree=(2.0 + kernel.total("locks/")) * near)
    if planned.cell.tier == "timed":
        return madesamples.throughput(4e6 / cost * near * draw.uniform(0.998, 1.002) / drift)
    # Memory layouts move what reclaim swaps out and frees for a page written, the same for
    # every kernel.
    place = random.Random(f"layout {planned.layout}")
    written, freed = 1.0 + 0.001 * place.random(), 2.0 + 0.001 * place.random()
    value = cost * near * written
    return {**madesamples.instructions(value),
            "instructions_per_written_page": Metric(value * written, "instructions/page",
                                                    "lower", "workload.json"),
            "pgfree_per_page": Metric(freed, "pages/page", "lower", "steady-end.vmstat")}


def patches_of(wanted: Spec) -> list[str]:
    """Texts of the patches on top of the source, in order."""
    return [(part.folder / name).read_text() for part in wanted.stack
            for name in (part.folder / "series").read_text().split()[:part.upto]]


def patched(name: str, files: dict[str, str], patches: list[str]) -> dict[str, str]:
    """Files with patches on top, by GNU patch; UsageError where one does not apply."""
    if not patches:
        return files
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text)
        for patch in patches:
            done = subprocess.run(["patch", "-p1", "-s", "-E", "-F0", "-d", made], input=patch,
                                  text=True, capture_output=True, check=False)
            if done.returncode:
                raise UsageError(f"{name}: does not apply: {done.stdout.splitlines()[0]}")
        return {str(one.relative_to(place)): one.read_text() for one in place.rglob("*")
                if one.is_file()}
