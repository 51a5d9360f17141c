# SPDX-License-Identifier: GPL-2.0-only
"""make study: what lockstep's figures hang on, measured; prints the tables of docs/lockstep.md.

    python3 -m tests.study [settle] [quantum] [figures] [shape] [1] [16]

Each row with each number of threads is a campaign of its own in results/study/; what was begun is
gone on with.
"""
from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence

from runner import paths
from runner.campaign import campaign, running
from runner.campaign.store import load_samples
from runner.errors import Exit
from runner.experiment import plan
from runner.judge import spread
from runner.lockstep import machinefile
from runner.lockstep.machinefile import FIGURES, Machine
from runner.progress import Progress
from runner.records import Sample
from tests import longrun
from tests.study.row import MACHINE, Row

HOME = paths.RESULTS / "study"
QUANTA = (250, 1000, 100, 500, 2000, 50)
STUDIES = ("settle", "quantum", "figures", "shape")
SPEED = "throughput_mib_s"
THREADS = (1, 16)


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
    if study == "settle":
        for settle in (0.9, 0.0, 0.45, 1.8):
            yield Row(f"settle-{settle:g}", f"window from {settle:g} times the RAM on",
                      settle=settle)
    elif study == "quantum":
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
        yield Row("ram-512", "512 MiB of RAM in place of 256", ram_mib=512)
        yield Row("processes", "processes in place of threads", processes=True)
        for count in (8, 2):
            yield Row(f"batch-{count}", f"batches of {count} folios at most in place of 32",
                      kernels=("6.1:pagewise", f"6.1:./tests/series/batch-of-{count}"))


def measure(row: Row, threads: int, progress: Progress) -> list[Sample]:
    """The samples of a row, made where they are not on record."""
    name = f"{row.name}-{threads}t"
    begun = sorted(HOME.glob(f"{name}-[0-9]*/campaign.json"))
    if begun:
        home, experiment, record = campaign.reopen(begun[-1].parent)
    else:
        file = HOME / f"experiment-{name}.toml"
        file.write_text(row.text(threads), "utf-8")
        experiment = plan.load(file)
        folder = campaign.create(experiment, HOME).folder
        home, experiment, record = campaign.reopen(folder.rename(
            HOME / re.sub(r"^experiment-", "", folder.name)))
    progress.log(f"{row.said}: results in {home.folder}")
    running.run(experiment, home, progress, record)
    return [one for one in load_samples(home.samples_file) if not one.invalid]


def line(row: Row, made: Mapping[int, Sequence[Sample]]) -> str:
    """A row of Markdown: of each number of threads the base's time per page, and the effect with
    its standard error in points."""
    cells = [row.said]
    for samples in made.values():
        base, test = ([one for one in samples if one.cell.kernel == kernel]
                      for kernel in row.kernels)
        found = spread.of(base, test, SPEED)
        if found is None:
            cells += ["–", "–"]
            continue
        ns = statistics.median(one.metrics["ns_per_page"].value for one in base)
        effect = math.expm1(found.effect)
        cells += [f"{ns:.0f}", f"{effect:+.1%} ± {100 * (1 + effect) * found.error:.1f}"]
    return "| " + " | ".join(cells) + " |"


def main(words: list[str]) -> int:
    progress = Progress()
    HOME.mkdir(parents=True, exist_ok=True)
    threads = [int(word) for word in words if word.isdecimal()] or list(THREADS)
    for study in [word for word in words if not word.isdecimal()] or STUDIES:
        print(f"\n| {study} |" + "".join(f" {count} threads: ns per page | effect |"
                                         for count in threads))
        print("|---|" + "---:|---:|" * len(threads), flush=True)
        for row in rows(study):
            print(line(row, {count: measure(row, count, progress) for count in threads}),
                  flush=True)
    return Exit.OK


if __name__ == "__main__":
    longrun.run(main, "make study")
