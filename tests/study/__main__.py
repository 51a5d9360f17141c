# SPDX-License-Identifier: GPL-2.0-only
"""make study: what lockstep's figures hang on, measured; prints the tables of docs/lockstep.md.

    python3 -m tests.study [quantum] [figures] [shape] [aa]

Each row is a campaign of its own in results/study/; what was begun is gone on with.
"""
from __future__ import annotations

import math
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from runner import campaign, paths, plan
from runner.errors import Exit, SwapscaleError
from runner.evidence import load_samples
from runner.lockstep import machinefile, spread
from runner.lockstep.machinefile import FIGURES, Machine
from runner.progress import Progress
from runner.records import Sample

HOME = paths.RESULTS / "study"
MACHINE = "haswell-ep-2s"
QUANTA = (50, 100, 250, 500, 1000, 2000)
RUNS = 3
#: A/A: comparisons of this many runs of one kernel against as many others of it.
AA_RUNS, AA_COMPARISONS = 3, 20
SPEED = "throughput_mib_s"
THREADS = (1, 16)


@dataclass(frozen=True)
class Row:
    """One campaign: the base case but for what its name says."""

    name: str
    said: str
    machine: str = MACHINE
    quantum: int | None = None
    spare: int | None = None
    ram_mib: int = 256
    ratio: float = 1.4
    runs: int = RUNS
    kernels: tuple[str, ...] = ("6.1:pagewise", "6.1:batched")
    threads: tuple[int, ...] = THREADS

    def text(self) -> str:
        own = [f'machine = "{self.machine}"']
        own += [f"{key} = {value}" for key, value in (("quantum", self.quantum),
                                                      ("spare", self.spare)) if value is not None]
        listed = ", ".join(f'"{name}"' for name in self.kernels)
        return "\n".join([
            "format = 1", f'title = "{self.said}"', f"kernels = [{listed}]", 'devices = ["pmem"]',
            f"threads = [{', '.join(map(str, self.threads))}]", 'tiers = ["lockstep"]',
            "[guest]", f"ram_mib = {self.ram_mib}", f"swap_mib = {2 * self.ram_mib}",
            "[workload]", 'program = "swapstorm"', f"ratio = {self.ratio}", "passes = 1",
            "[rules]", f"perturbations = {self.runs}", "self_check = false", "pswpout_floor = 1000",
            "[lockstep]", *own, ""])


def _machine(machine: Machine, name: str, figure: str, value: float, sockets: int) -> str:
    """A machine file like `machine` but for one figure; its path."""
    path = HOME / f"{name}.toml"
    lines = ["format = 2", f'title = "{machine.title}, {name}"', f"sockets = {sockets}",
             f"cores = {machine.cores * machine.sockets // sockets}"]
    for key, one in machine.figures.items():
        lines += [f"[figures.{key}]", f"value = {value if key == figure else one.value}",
                  'source = "of a study of what the effect hangs on"']
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def rows(study: str) -> Iterator[Row]:
    machine = machinefile.load(MACHINE)
    if study == "quantum":
        for quantum in QUANTA:
            yield Row(f"quantum-{quantum}", f"quantum of {quantum} instructions", quantum=quantum)
    elif study == "figures":
        for name in FIGURES:
            for end in ("low", "high"):
                value = getattr(machine.figures[name], end)
                yield Row(f"{name}-{end}", f"{name} = {value:g}",
                          _machine(machine, f"{name}-{end}", name, value, machine.sockets))
    elif study == "shape":
        yield Row("one-node", "one socket, one node", _machine(machine, "one-node", "", 0, 1))
        yield Row("spare-1", "one spare CPU in place of two", spare=1)
        yield Row("spare-6", "six spare CPUs in place of two", spare=6)
        yield Row("ram-512", "512 MiB of RAM in place of 256, ratio 1.25", ram_mib=512, ratio=1.25)
    elif study == "aa":
        yield Row("aa", "one kernel against itself", runs=2 * AA_RUNS * AA_COMPARISONS,
                  ratio=1.25, kernels=("6.1:pagewise",), threads=(16,))


def measure(row: Row, progress: Progress) -> list[Sample]:
    """The samples of a row, made where they are not on record."""
    begun = sorted(HOME.glob(f"{row.name}-[0-9]*/campaign.json"))
    if begun:
        home, experiment, record = campaign.reopen(begun[-1].parent)
    else:
        file = HOME / f"experiment-{row.name}.toml"
        file.write_text(row.text(), "utf-8")
        experiment = plan.load(file)
        folder = campaign.create(experiment, HOME).folder
        home, experiment, record = campaign.reopen(folder.rename(
            HOME / re.sub(r"^experiment-", "", folder.name)))
    progress.log(f"{row.said}: results in {home.folder}")
    campaign.run(experiment, home, progress, record)
    return [one for one in load_samples(home.samples_file) if not one.invalid]


def _side(samples: list[Sample], kernel: str, threads: int) -> list[Sample]:
    return [one for one in samples if (one.cell.kernel, one.cell.threads) == (kernel, threads)]


def line(row: Row, samples: list[Sample]) -> str:
    """A row of Markdown: each thread count's time per page and effect."""
    cells = [row.said]
    for threads in row.threads:
        base, test = (_side(samples, kernel, threads) for kernel in row.kernels)
        found = spread.of(base, test, SPEED)
        if found is None:
            cells += ["–", "–"]
            continue
        ns = statistics.median(one.metrics["ns_per_page"].value for one in base)
        effect, low, high = map(math.expm1, (found.effect, *found.interval))
        cells += [f"{ns:.0f}", f"{effect:+.1%} ({low:+.1%} to {high:+.1%})"]
    return "| " + " | ".join(cells) + " |"


def aa(samples: list[Sample]) -> str:
    """False alarms and resolution of AA_COMPARISONS disjoint comparisons of one kernel."""
    made = sorted(samples, key=lambda one: one.layout)
    groups = [made[at:at + AA_RUNS] for at in range(0, len(made) - AA_RUNS + 1, AA_RUNS)]
    found = [spread.of(one, other, SPEED) for one, other in zip(groups[::2], groups[1::2])]
    known = [one for one in found if one]
    false = sum(one.interval[0] > 0 or one.interval[1] < 0 for one in known)
    widths = sorted(one.resolves for one in known)
    effects = sorted(abs(one.effect) for one in known)
    return (f"{len(known)} comparisons of {AA_RUNS} runs against {AA_RUNS}: {false} intervals miss "
            f"zero; differences up to {effects[-1]:.1%}, median {statistics.median(effects):.1%}; "
            f"resolved from {statistics.median(widths):.1%} on (median)") if known else "no runs"


def main(studies: list[str]) -> int:
    progress = Progress()
    HOME.mkdir(parents=True, exist_ok=True)
    try:
        for study in studies or ["quantum", "figures", "shape", "aa"]:
            made = [(row, measure(row, progress)) for row in rows(study)]
            if study == "aa":
                print(aa(made[0][1]))
                continue
            print(f"\n| {study} | 1 thread: ns per page | effect | 16 threads: ns per page | "
                  "effect |\n|---|---:|---:|---:|---:|")
            for row, samples in made:
                print(line(row, samples), flush=True)
    except SwapscaleError as error:
        print(f"study: {error}", file=sys.stderr)
        return error.exit
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
