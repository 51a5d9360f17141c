# SPDX-License-Identifier: GPL-2.0-only
"""What a bisect is tried with in seconds: kernels that are files, and boots that read them.

Campaigns, records on disk, statistics and reports are the real ones.
"""
from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from runner.bisect import githistory, patches, run
from runner.bisect.measure import Means
from runner.bisect.points import Range
from runner.bisect.result import Result
from runner.bisect.statefile import State, load
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.errors import DoesNotBuild
from runner.experiment import plan
from runner.experiment.plan import Experiment, Planned
from runner.kernel import spec
from runner.progress import Progress
from runner.records import BuiltKernel, Outcome, Sample
from runner.tomlfile import Given
from tests.bisectkernel import PARTS, Kernel, metrics, patched, patches_of, tree
from tests.unit import madesamples

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
        patches = patches_of(wanted)
        key = (name, hashlib.sha256("".join(patches).encode()).hexdigest())
        if key not in self._known:
            where = wanted.source.path if wanted.source.kind == "git" else self._trunk
            assert where is not None
            files = tree(where, wanted.source.ref if wanted.source.kind == "git" else "HEAD")
            self._known[key] = Kernel(tuple(sorted(
                (path, text.strip()) for path, text in patched(name, files, patches).items()
                if path.startswith(PARTS))))
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
            name, tier, metrics(kernel, planned, self.drift(name, len(self.booted)))
            if outcome == Outcome.OK else {}, planned.number, planned.repeat)
        # The same host and the same machine for all, and each layout by itself.
        return dataclasses.replace(
            made, cell=planned.cell, layout=planned.layout, purpose=planned.purpose,
            outcome=outcome, detail=detail, vcpus=1,
            invalid=madesamples.because(spoilt) if spoilt else (),
            accelerator="icount" if tier != "timed" else "tcg", image_sha256=built.image_sha256,
            kernel_key=built.key, host={**madesamples.HOST, "programs": "p", "machine": "m"})


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
