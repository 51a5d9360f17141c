# SPDX-License-Identifier: GPL-2.0-only
"""The table of a patch's changelog: what it changed, by the lock budgets that were measured.

    python3 -m runner.report.changelog    writes it into every patch that has one
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from runner import budgetfile, paths
from runner.budget import Budget, Figures, Place
from runner.kernel import series
from runner.metrics.lockclass import SWAP_PATH

BASELINE = "locks"
#: What a class is called in a mail.
_WORDS = {"swap_cache_tree": "swap cache tree lock", "swap_device": "device lock",
          "swap_cluster": "cluster locks", "swap_avail": "swap_avail_lock",
          "swap_slots": "slot cache mutex", "swap_slots_free": "slot cache, freeing",
          "swap_cgroup": "swap_cgroup lock", "percpu_swap_cluster": "percpu_swap_cluster.lock"}
_LEAST = 0.01                # of a class that moved: acquisitions per page
TABLE = re.compile(r"^Measured on Linux .*?^  instructions +\d+ +\d+\n", re.MULTILINE | re.DOTALL)


def table(release: str, base: str, before: Figures, after: Figures) -> str:
    """What moved from one to the other; `base` is the series below it."""
    rows = [(_WORDS[lock], f"{before.locks[lock]:.3f}", f"{after.locks[lock]:.3f}")
            for lock in SWAP_PATH if abs(before.locks[lock] - after.locks[lock]) >= _LEAST]
    rows.append(("instructions", f"{before.instructions:.0f}", f"{after.instructions:.0f}"))
    width = max(26, *(len(name) + 2 for name, _, _ in rows))
    below = f" with {base} applied" if base else ""
    still = "" if len(rows) > 1 else (";\nno lock of the swap-out path is taken more or less "
                                      "often")
    lines = [f"Measured on Linux {release}{below}, one CPU under",
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
                    yield file, table(after.release, series.base(folder), before, after)


def main() -> None:
    """Write every table anew."""
    budget = budgetfile.load(budgetfile.path_of(BASELINE))
    for file, wanted in patches(budget):
        text = file.read_text("utf-8")
        if found := TABLE.search(text):
            file.write_text(text.replace(found[0], wanted), "utf-8")
            print(file.relative_to(paths.ROOT))


if __name__ == "__main__":
    main()
