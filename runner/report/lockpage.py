# SPDX-License-Identifier: GPL-2.0-only
"""Lock acquisitions per swapped-out page, kernel by kernel: a Markdown page and its picture."""
from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from runner import paths
from runner.errors import printable
from runner.judge.budget import FLOOR, SLACK, Budget, Figures, Place
from runner.judge.figures import number
from runner.metrics.lockclass import SWAP_PATH
from runner.plot import bars, plots
from runner.plot.bars import StackRow
from runner.report import markdown

_HEAD = """\
# Lock acquisitions per swapped-out page, patch by patch

{picture}Each row is a kernel, each column a lock class under its stable name
(`docs/lock-classes.md` has what it stands for), each figure how often the kernel took a
lock of that class for every page it swapped out. The *swap path* column is the sum of those
left of it. **Bold**: a lock of the swap path that moved against the kernel in the column
*on*, by more than {slack} and {floor} per page. The other locks move by up to a tenth with
the memory layout alone (image size, command line). Instructions are of the exact tier, as
shipped, without lock counting; the layout alone moved them by 1.4% over 35,000 pages and by
0.7% over 160,000, so a change of less than a percent shows nothing.

{made}

{conditions}
"""

#: How the page of a budget file comes to be.
KEPT = """\
Made by `./swapscale run {experiment}` and
`./swapscale budget results/CAMPAIGN --write`, not by hand. The figures are those of
`{file}`, the budget that the tests hold these kernels to."""


def _shown(text: str) -> str:
    return markdown.escape(printable(text))


def _groups(budget: Budget) -> dict[str, list[tuple[Place, Figures]]]:
    """Rows by source, device and threads, in the file's order."""
    groups: dict[str, list[tuple[Place, Figures]]] = {}
    for place, figures in budget.figures.items():
        threads = f"{place.threads} thread" + "s" * (place.threads > 1)
        release = f" (Linux {figures.release})" if figures.release else ""
        title = f"{place.kernel.rpartition(':')[0] or place.kernel}{release}, {place.device}, " \
                f"{threads}"
        groups.setdefault(title, []).append((place, figures))
    return groups


def _moved(old: float, new: float) -> bool:
    return abs(new - old) > max(SLACK * old, FLOOR)


def _count(value: float, base: float | None) -> str:
    shown = number(round(value, 4))
    return f"**{shown}**" if base is not None and _moved(base, value) else shown


def path_sum(locks: Sequence[str], figures: Figures) -> float:
    return math.fsum(figures.locks.get(lock, 0.0) for lock in locks)


def _row(place: Place, figures: Figures, base: Figures | None, columns: Sequence[str],
         path: Sequence[str]) -> list[str]:
    cells = [_shown(place.kernel), _shown(figures.on) if base else "", _shown(figures.patch)]
    for lock in columns:
        cells.append(_count(figures.locks.get(lock, 0.0), base.locks.get(lock, 0.0)
                            if base and lock in SWAP_PATH else None))
        if lock == path[-1]:
            cells.append(_count(path_sum(path, figures), path_sum(path, base) if base else None))
    if not figures.instructions:
        return [*cells, "–"]
    change = f" ({figures.instructions / base.instructions - 1:+.2%})" \
        if base and base.instructions else ""
    return [*cells, f"{figures.instructions:.0f}{change}"]


def _table(rows: Sequence[tuple[Place, Figures]]) -> list[str]:
    path = [lock for lock in SWAP_PATH if any(figures.locks.get(lock, 0.0) >= FLOOR
                                              for _, figures in rows)] or list(SWAP_PATH)
    others = list(dict.fromkeys(lock for _, figures in rows for lock in figures.locks
                                if lock not in SWAP_PATH))
    heads = ["kernel", "on", "what it adds", *path, "*swap path*", *others, "instructions"]
    by_name = {place.kernel: figures for place, figures in rows}
    return markdown.grid([head if head.startswith("*") else _shown(head) for head in heads],
                         [_row(place, figures, by_name.get(figures.on), [*path, *others], path)
                          for place, figures in rows], 3)


def conditions(budget: Budget) -> str:
    """Under what the figures were measured, in a sentence or two."""
    now = budget.conditions
    assert now is not None
    vcpus = f"{now.vcpus} vCPU" + "s" * (now.vcpus > 1)
    how = f"{vcpus}, accelerator `{_shown(now.accelerator)}`"
    if now.accelerator == "icount":
        how += " (emulated, time counts instructions: the same image repeats every figure)"
    passes = f"{now.passes} pass" + "es" * (now.passes > 1)
    host = f" Host: {_shown(budget.host)}." if budget.host else ""
    return (f"Guest: {now.ram_mib} MiB of RAM, {now.swap_mib} MiB of swap, {how}; load: "
            f"{now.ratio:g} times the RAM written, {passes}.{host}")


def kept(budget: Budget) -> str:
    """The page of a budget file that is kept; its picture lies beside it."""
    file = budget.file.resolve().relative_to(paths.ROOT)
    return render(budget, KEPT.format(experiment=f"configs/{file.stem}.toml", file=file),
                  f"{Path(budget.page).stem}.svg")


def render(budget: Budget, made: str, picture: str = "") -> str:
    """The page; `made` says how, `picture` is a file named relative to the page's place."""
    lines = [_HEAD.format(
        picture=f"![Lock acquisitions per swapped-out page by class]({picture})\n\n"
        if picture else "", slack=f"{SLACK:.0%}", floor=f"{FLOOR:g}", made=made,
        conditions=conditions(budget))]
    for title, rows in _groups(budget).items():
        lines += [f"## {_shown(title)}", "", *_table(rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def draw(budget: Budget, out: Path) -> plots.Drawn:
    """Stacked bars of the swap path's classes, a bar per kernel; OUT.tsv, .svg and .png."""
    rows = [StackRow(title, place.kernel, tuple(figures.locks.get(lock, 0.0) for lock in SWAP_PATH))
            for title, group in _groups(budget).items() for place, figures in group]
    return bars.stacked_bars(rows, SWAP_PATH, out, "Lock acquisitions per swapped-out page",
                             "acquisitions per swapped-out page")
