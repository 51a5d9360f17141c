# SPDX-License-Identifier: GPL-2.0-only
"""The tables of patches and of their series: what they changed, by the budgets that were measured.

    python3 -m runner.report.changelog    writes them into every patch and README that has one
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from runner import paths
from runner.judge import budgetfile
from runner.judge.budget import Budget, Figures, Place
from runner.kernel import series
from runner.metrics.lockclass import SWAP_PATH

BASELINE = "locks"
#: What a class is called in a mail.
_WORDS = {"swap_cache_tree": "swap cache tree lock", "swap_device": "device lock",
          "swap_cluster": "cluster locks", "swap_avail": "swap_avail_lock",
          "swap_slots": "slot cache mutex", "swap_slots_free": "slot cache, freeing",
          "swap_cgroup": "swap_cgroup lock", "percpu_swap_cluster": "percpu_swap_cluster.lock"}
_LEAST = 0.01                # of a class that moved: acquisitions per page
TABLE = re.compile(r"^Measured on Linux .*?^  instructions +[\d-]+ +[\d-]+\n",
                   re.MULTILINE | re.DOTALL)
#: A README's, for one source.
SERIES_TABLE = re.compile(r"^\| (\S+): per swapped-out page \|.*\n(?:\|.*\n)+", re.MULTILINE)


def below(folder: Path) -> list[str]:
    """The series that the one in `folder` stands on, the lowest first."""
    name = series.base(folder)
    its = series.find(name, folder.name) if name else None
    return [*below(its), name] if its else []


def _instructions(figures: Figures) -> str:
    return f"{figures.instructions:.0f}" if figures.instructions else "-"


def table(release: str, bases: list[str], before: Figures, after: Figures) -> str:
    """What moved from one to the other; `bases`: the series below it."""
    rows = [(_WORDS[lock], f"{before.locks[lock]:.3f}", f"{after.locks[lock]:.3f}")
            for lock in SWAP_PATH if abs(before.locks[lock] - after.locks[lock]) >= _LEAST]
    rows.append(("instructions", _instructions(before), _instructions(after)))
    width = max(26, *(len(name) + 2 for name, _, _ in rows))
    beneath = f" with {' and '.join(bases)} applied" if bases else ""
    still = "" if len(rows) > 1 else (";\nno lock of the swap-out path is taken more or less "
                                      "often")
    lines = [f"Measured on Linux {release}{beneath}, one CPU under",
             "QEMU's -icount, 256 MB of RAM, swap on pmem, one thread writing twice",
             f"the RAM{still}:", "",
             f"  {'per swapped-out page':<{width}}{'before':>8}{'after':>10}"]
    lines += [f"  {name:<{width}}{old:>8}{new:>10}" for name, old, new in rows]
    return "\n".join(lines) + "\n"


def patches(budget: Budget) -> Iterator[tuple[Path, str]]:
    """Every patch whose changelog has a table, and the table it is to have."""
    for name in series.names():
        for source in {place.kernel.partition(":")[0] for place in budget.figures}:
            folder = series.find(name, source)
            if folder is None:
                continue
            entries = series.entries(folder)
            for number, (patch, _) in enumerate(entries, 1):
                kernel = f"{source}:{name}" + (f"@{number}" if number < len(entries) else "")
                after = budget.figures.get(Place(kernel, "pmem", 1))
                before = after and budget.figures.get(Place(after.on, "pmem", 1))
                file = folder / patch
                if after and before and TABLE.search(file.read_text("utf-8")):
                    yield file, table(after.release, below(folder), before, after)


def series_table(budget: Budget, name: str, source: str) -> str:
    """One column a kernel, from the one without patches to the whole series."""
    folder = series.find(name, source)
    assert folder is not None, f"{source}:{name}"
    count = len(series.entries(folder))
    columns = ["vanilla", *below(folder), *(f"{name}@{upto}" for upto in range(1, count)), name]
    figures = {column: budget.figures[Place(f"{source}:{column}", "pmem", 1)] for column in columns
               if Place(f"{source}:{column}", "pmem", 1) in budget.figures}
    heads = [f"patch{'es 1 to' * (upto != '1')} {upto}" if upto else figure
             for figure, upto in ((figure, figure.partition("@")[2]) for figure in figures)]
    rows = [[f"{source}: per swapped-out page", *heads], ["---", *["---:"] * len(heads)]]
    for lock in SWAP_PATH:
        taken = [figure.locks[lock] for figure in figures.values()]
        if max(taken) - min(taken) >= _LEAST:
            rows.append([_WORDS[lock], *(f"{count:.3f}" for count in taken)])
    rows.append(["instructions", *map(_instructions, figures.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def readmes(budget: Budget) -> Iterator[tuple[Path, str, str]]:
    """Every README with such tables, the table that it has and the one it is to have."""
    for name in series.names():
        file = paths.KERNELS / "series" / name / "README.md"
        for match in SERIES_TABLE.finditer(file.read_text("utf-8")):
            yield file, match[0], series_table(budget, name, match[1])


def main() -> None:
    """Write every table anew."""
    budget = budgetfile.load(budgetfile.path_of(BASELINE))
    tables = [(file, match[0], wanted) for file, wanted in patches(budget)
              if (match := TABLE.search(file.read_text("utf-8")))]
    for file, has, wanted in [*tables, *readmes(budget)]:
        file.write_text(file.read_text("utf-8").replace(has, wanted), "utf-8")
        if has != wanted:
            print(file.relative_to(paths.ROOT))


if __name__ == "__main__":
    main()
