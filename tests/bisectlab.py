# SPDX-License-Identifier: GPL-2.0-only
"""What a bisect is tried with in seconds: kernels that are files, and boots that read them.

A real git repository stands for the kernel's.  Its files say what a kernel of it does:

    mm/NAME       a number: what NAME adds to the instructions of a page (ten thousand without any)
    locks/NAME    a number: how often NAME takes the swap cache's lock for a page
    broken        the source does not compile
    fault         "OUTCOME FIRST LAST": how those boots of the kernel end, counted from 1
    spoilt        why its samples do not count
    noise         share of a figure by which boots differ at most

Anything else is no part of the image, so two trees that agree in these have the same one.
Campaigns, records on disk, statistics and reports are the real ones.
"""
from __future__ import annotations

import dataclasses
import hashlib
import io
import random
import subprocess
import tarfile
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runner.bisect import githistory, patches, run
from runner.bisect.measure import Means
from runner.bisect.points import Range
from runner.bisect.result import Result
from runner.bisect.statefile import State, load
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.errors import DoesNotBuild, UsageError
from runner.experiment import plan
from runner.experiment.plan import Experiment, Planned
from runner.kernel import spec
from runner.kernel.spec import Spec
from runner.progress import Progress
from runner.records import BuiltKernel, Metric, Outcome, Sample
from runner.tomlfile import Given
from tests.smallgit import git
from tests.unit import madesamples

BASE = 10000.0
EXPERIMENT = """\
format = 1
title = "a bisect that takes seconds"
base = "6.1:vanilla"
tiers = [{tiers}]
[guest]
vcpus = 1
accelerator = "tcg"
[rules]
host = "any"
pairs = 5
"""


class Killed(BaseException):
    """The runner is gone; nothing of it is cleaned up but what the kernel would."""


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


def _tree(repository: Path, ref: str) -> dict[str, str]:
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


_PARTS = ("mm/", "locks/", "broken", "fault", "spoilt", "noise")


class Lab:
    """Builds and boots for one bisect; counts what it did, and can be killed in the midst of it.

    `die_at`: number of the event (a kernel made for the loop, a boot's begin, a boot's end) at
    which `death` is raised; `dies_in`, `dies_after`: a boot, counted over all lives.
    """

    def __init__(self, trunk: Path | None = None) -> None:
        self._trunk = trunk             # that series' patches apply to
        self._known: dict[tuple[str, str], Kernel] = {}
        self._main = threading.get_ident()
        self._boots_of: Counter[str] = Counter()
        self.die_at, self.dies_in, self.dies_after = 0, 0, 0
        self.death: type[BaseException] = Killed
        self.events = 0
        self.built: set[str] = set()
        self.flavours: set[str] = set()
        self.ahead: set[str] = set()    # of them, by the thread that builds what may come next
        self.booted: list[tuple[str, str, int]] = []   # campaign, kernel, number of the sample
        self.host_dies_at = 0           # this boot of all ends with QEMU, for the host's reasons
        self.drift: Callable[[str, int], float] = lambda kernel, boots: 1.0   # a slow host's

    def means(self) -> Means:
        return Means(self.make, self.kernels, lambda progress: None, self.boot)

    def _event(self) -> None:
        self.events += 1
        if self.events == self.die_at:
            raise self.death

    def make(self, name: str, flavour: str, progress: Progress) -> BuiltKernel:
        """As runner.kernel.build.build."""
        if threading.get_ident() == self._main:
            self._event()
        else:
            self.ahead.add(name)
        return self._made(name, flavour)

    def kernels(self, experiment: Experiment, progress: Progress
                ) -> dict[tuple[str, str], BuiltKernel]:
        return {(name, flavour): self._made(name, flavour) for name in experiment.kernels
                for flavour in plan.flavours(experiment)}

    def _made(self, name: str, flavour: str) -> BuiltKernel:
        kernel = self._kernel(name)
        if kernel.get("broken"):
            raise DoesNotBuild(f"{name}: {kernel.get('broken')}")
        self.built.add(name)
        self.flavours.add(flavour)
        digest = hashlib.sha256((kernel.image + flavour).encode()).hexdigest()
        return BuiltKernel(name, flavour, digest, "6.99.0", Path("nowhere/bzImage"), digest)

    def _kernel(self, name: str) -> Kernel:
        wanted = spec.parse(name)
        patches = _patches(wanted)
        key = (name, hashlib.sha256("".join(patches).encode()).hexdigest())
        if key not in self._known:
            where = wanted.source.path if wanted.source.kind == "git" else self._trunk
            assert where is not None
            files = _tree(where, wanted.source.ref if wanted.source.kind == "git" else "HEAD")
            self._known[key] = Kernel(tuple(sorted(
                (path, text.strip()) for path, text in _patched(name, files, patches).items()
                if path.startswith(_PARTS))))
        return self._known[key]

    def boot(self, setting: Setting, todo: list[Planned], home: Campaign, progress: Progress
             ) -> list[Sample]:
        """As runner.campaign.local.measure."""
        taken = []
        for planned in todo:
            self._event()
            home.evidence_for(planned.number)
            if len(self.booted) + 1 == self.dies_in:
                self.dies_in = 0
                raise Killed
            flavour = plan.flavour(setting.experiment, planned.cell.tier, planned.cell.device)
            built = setting.kernels[planned.cell.kernel, flavour]
            sample = self._sample(planned, built)
            self.booted.append((home.folder.name, planned.cell.kernel, planned.number))
            home.append(sample)
            if len(self.booted) == self.dies_after:
                raise Killed
            self._event()
            taken.append(sample)
        return taken

    def _sample(self, planned: Planned, built: BuiltKernel) -> Sample:
        name, tier = planned.cell.kernel, planned.cell.tier
        kernel = self._kernel(name)
        self._boots_of[name] += 1
        word, first, last = (kernel.get("fault") or "ok 0 0").split()
        outcome = Outcome(word) if int(first) <= self._boots_of[name] <= int(last) \
            else Outcome.OK
        if self.host_dies_at and len(self.booted) + 1 == self.host_dies_at:
            outcome = Outcome.QEMU_DIED
        detail = "" if outcome == Outcome.OK else f"made to end so ({outcome})"
        spoilt = kernel.get("spoilt") if outcome == Outcome.OK else f"{outcome}: {detail}"
        made = madesamples.sample(
            name, tier, _metrics(kernel, planned, self.drift(name, len(self.booted)))
            if outcome == Outcome.OK else {}, planned.number, planned.repeat)
        # The same host and the same machine for all, and each layout by itself.
        return dataclasses.replace(
            made, cell=planned.cell, layout=planned.layout, purpose=planned.purpose,
            outcome=outcome, detail=detail, vcpus=1,
            invalid=madesamples.because(spoilt) if spoilt else (),
            accelerator="icount" if tier != "timed" else "tcg", image_sha256=built.image_sha256,
            kernel_key=built.key, host={**madesamples.HOST, "programs": "p", "machine": "m"})


def _metrics(kernel: Kernel, planned: Planned, drift: float) -> dict[str, Metric]:
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


def _patches(wanted: Spec) -> list[str]:
    """Texts of the patches on top of the source, in order."""
    return [(part.folder / name).read_text() for part in wanted.stack
            for name in (part.folder / "series").read_text().split()[:part.upto]]


def _patched(name: str, files: dict[str, str], patches: list[str]) -> dict[str, str]:
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


@dataclasses.dataclass
class Bisect:
    """A question asked of a lab: to be run, killed, gone on with."""

    folder: Path
    lab: Lab

    def run(self) -> Result:
        """From what is on disk to the answer, as 'bisect --resume' does."""
        return run.finish(*run.reopen(self.folder, Progress()), Progress(), self.lab.means())

    @property
    def state(self) -> State:
        return load(self.folder)


def ask(place: Path, points: Range, lab: Lab, tiers: tuple[str, ...] = ("exact",),
        metric: str | None = None, above: float | None = None, given: Given | None = None
        ) -> Bisect:
    """Put the question on disk, in a folder below `place`."""
    file = place / "experiment.toml"
    file.write_text(EXPERIMENT.format(tiers=", ".join(f'"{one}"' for one in tiers)))
    experiment = run.load(file, given)
    kind = "series" if isinstance(points, patches.Patches) else "git"
    asked = run.ask(points, kind, experiment, metric, above, None, None, given)
    return Bisect(run.create(asked, experiment, run.fresh(place), given).folder, lab)


def between(tree: Path, good: str, bad: str = "HEAD") -> Range:
    return githistory.find(tree, good, bad, Progress())
