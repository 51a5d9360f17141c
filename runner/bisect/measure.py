# SPDX-License-Identifier: GPL-2.0-only
"""One measurement of a bisect: a campaign of its own, kept, and gone on with when killed.

What builds kernels and what boots them is passed in (Means), so that the loop around them can be
tried in seconds.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from runner import programs
from runner.asked import Experiment
from runner.bisect.question import ENDS
from runner.bisect.statefile import Flight, State
from runner.campaign import campaign, kernelset, local, running
from runner.campaign.campaign import Campaign
from runner.campaign.executor import Executor
from runner.errors import CannotMeasure, DoesNotBuild, SourceGone, UsageError, printable
from runner.experiment import plan
from runner.judge import tier
from runner.judge.tier.base import Tier
from runner.kernel import build
from runner.progress import Progress
from runner.reason import joined
from runner.records import BuiltKernel, Outcome, Sample

#: Boots of a kernel that failed which are made again before it is given up.
RETRIES = 1
#: The host's doing, which says nothing of a kernel.
_ENDED = (Outcome.QEMU_DIED, Outcome.QEMU_STOPPED)


class Unfit(Exception):
    """A kernel that gives no verdict: it does not build, does not boot, or does not count."""

    def __init__(self, reason: str, campaign_name: str = "", retries: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.campaign, self.retries = printable(reason, 400), campaign_name, retries


@dataclasses.dataclass(frozen=True)
class Measured:
    campaign: str             # folder below measured/
    samples: tuple[Sample, ...]
    retries: int = 0


#: Whether the samples so far are enough; asked after each number of boots.
Enough = Callable[[Sequence[Sample]], bool]


#: Builds a kernel: its name, the flavour.
Build = Callable[[str, str, Progress], BuiltKernel]


@dataclasses.dataclass(frozen=True)
class Means:
    """With what kernels are built and booted."""

    make: Build = build.build
    kernels: kernelset.Kernels = kernelset.make      # of one measurement
    prepare: Callable[[Progress], None] = programs.build    # what the guest runs
    boot: Executor = local.measure


def counts(most: int) -> list[int]:
    """After how many boots of a kernel a step asks whether they are enough: 1, 2, 3, 6, 12, …"""
    numbers = [count for count in (1, 2, 3) if count < most]
    while numbers and numbers[-1] >= 3 and 2 * numbers[-1] < most:
        numbers.append(2 * numbers[-1])
    return [*numbers, most]


def looks(name: str, boots: int) -> int:
    """How often a step has asked by then; the intervals of pairs allow for that by themselves
    (runner.judge.tier.pairs.look)."""
    return 1 if tier.find(name).paired else len(counts(boots))


class Bench:
    """Measures for one bisect."""

    def __init__(self, state: State, progress: Progress, means: Means = Means()) -> None:
        self._state, self._progress, self._means = state, progress, means

    def flavour(self, tier_name: str) -> str:
        """As the boots of that tier have it: another one's image may be the same though what
        differs is in code that this one alone has, such as zswap's."""
        return plan.flavour(plan.load(self._state.folder / ENDS), tier_name,
                            self._state.question.device)

    def kernel(self, name: str, tier_name: str) -> BuiltKernel:
        """Build it; Unfit where its source is to blame, CannotMeasure where the host is."""
        try:
            return self._means.make(name, self.flavour(tier_name), self._progress)
        except SourceGone as error:
            # It was there when the bisect began: nothing that the commit is to blame for.
            raise CannotMeasure(f"{error} (it was there when the bisect began)") from None
        except (DoesNotBuild, UsageError) as error:
            raise Unfit(f"does not build: {error}") from None

    def samples(self, name: str) -> list[Sample]:
        """What a finished measurement left."""
        return Campaign(self._state.measured / name).samples()

    def folder(self, name: str) -> Path:
        return self._state.measured / name

    def extend(self, name: str, own: Tier, count: int) -> None:
        """Boot the one kernel of a finished measurement more often, `count` times together."""
        home, experiment, record = campaign.reopen(self.folder(name))
        self._means.prepare(self._progress)
        self._no_host(home, self._boot(own.fewer(experiment, count), home, record))

    def _no_host(self, home: Campaign, taken: Sequence[Sample]) -> None:
        """CannotMeasure where the host ended a guest."""
        if host := [sample for sample in taken if sample.outcome in _ENDED]:
            self._state.flight = None
            self._state.save()
            raise CannotMeasure(f"{home.folder / host[0].evidence}: {host[0].detail}: the host "
                                "ended the guest; go on with './swapscale bisect --resume "
                                f"{self._state.folder}'")

    def measure(self, point: str, role: str, file: str, kernels: tuple[str, ...], name: str,
                enough: Enough = lambda samples: False) -> Measured:
        """Boot `kernels` in a tier as `file` (ends.toml, step.toml) says, the first being the base.

        A single kernel's boots are added one by one until they are `enough`.  Unfit where a
        kernel's boots fail again and again, or do not count; CannotMeasure where the host
        ended QEMU: then the next try begins afresh.
        """
        self._means.prepare(self._progress)
        own = tier.find(name)
        for retry in range(RETRIES + 1):
            flight = self._flight(point, role, file, kernels, retry)
            if flight.retries > retry:
                continue
            home, experiment, record = campaign.reopen(self.folder(flight.campaign))
            taken = self._run(experiment, home, record, own, kernels, enough)
            self._no_host(home, taken)
            failed = [sample for sample in taken if sample.outcome != Outcome.OK]
            if not failed:
                break
            if own.paired and len(failed) < len(taken) / 4:
                break       # a pair more or less; the comparison leaves them out
        else:
            first = failed[0]
            raise Unfit(f"does not boot: {first.outcome}: {first.detail}", flight.campaign,
                        flight.retries)
        if not own.paired and (spoilt := [sample for sample in taken if sample.invalid]):
            raise Unfit(f"does not count: {joined(spoilt[0].invalid)}", flight.campaign,
                        flight.retries)
        return Measured(flight.campaign, tuple(taken), flight.retries)

    def _flight(self, point: str, role: str, file: str, kernels: tuple[str, ...], retry: int
                ) -> Flight:
        """The measurement under way where it is this one, else a new one."""
        old = self._state.flight
        if old is not None and (old.point, old.role) == (point, role) and old.retries >= retry \
                and (self.folder(old.campaign) / "campaign.json").is_file():
            return old
        base = kernels[0] if len(kernels) > 1 else ""
        experiment = plan.load(self._state.folder / file, kernels, base)
        self._state.measured.mkdir(exist_ok=True)
        name = f"{len(list(self._state.measured.iterdir())) + 1:03d}-{role.replace(' ', '-')}"
        home = campaign.create(dataclasses.replace(experiment, name=name), self._state.measured)
        self._state.flight = Flight(point, role, home.folder.name, retry)
        self._state.save()
        return self._state.flight

    def _run(self, experiment: Experiment, home: Campaign, record: campaign.Record,
             own: Tier, kernels: tuple[str, ...], enough: Enough) -> list[Sample]:
        most = own.most(experiment)
        if len(kernels) > 1 or not most:
            return self._boot(experiment, home, record)
        for count in counts(most):
            taken = self._boot(own.fewer(experiment, count), home, record)
            record = campaign.reopen(home.folder)[2]
            if any(sample.invalid for sample in taken) or enough(taken):
                break
        return taken

    def _boot(self, experiment: Experiment, home: Campaign, record: campaign.Record
              ) -> list[Sample]:
        return running.run(experiment, home, self._progress, record, self._means.boot,
                           self._means.kernels)
