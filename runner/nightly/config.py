# SPDX-License-Identifier: GPL-2.0-only
"""nightly.toml, read and checked."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner import tomlfile
from runner.errors import UsageError
from runner.experiment import plan
from runner.judge.tier import layouts
from runner.kernel import spec
from runner.nightly import track
from runner.nightly.changes import Rule
from runner.nightly.history import Settings

UNCHANGED = ("measure", "skip")
ON_REGRESSION = ("report", "bisect")


@dataclass(frozen=True)
class Retention:
    keep: int                 # nights whose evidence stays; 0: nothing is thinned
    every: int                # of older nights one in so many keeps it


@dataclass(frozen=True)
class Nightly:
    name: str
    title: str
    file: Path
    kernels: tuple[str, ...]  # that move
    first_good: str           # base of the first night; '': it is measured alone
    experiment: Path          # devices, threads, load, tiers, rules
    fetch: bool               # 'git fetch' in the tree of a git kernel first
    unchanged: str            # one of UNCHANGED: a night on which the kernel did not move
    on_regression: str        # one of ON_REGRESSION: what a new one starts
    known: Path | None        # acknowledged changes; None: known.toml of the results folder
    settings: Settings
    retention: Retention
    layouts: tuple[int, ...]  # exact tier: looks at memory layouts, raised until they decide


def _looks(root: tomlfile.Table) -> tuple[int, ...]:
    looks = root.integers("layouts", 1, layouts.MOST)
    if looks != sorted(set(looks)):
        root.complain("layouts", f"{looks} does not rise; give numbers such as "
                                 f"{list(layouts.LOOKS)}, or one alone")
    return tuple(looks)


def load(path: Path) -> Nightly:
    """Read the file; UsageError with file, line and key for everything that is not right."""
    root = tomlfile.load(path)
    root.integer("format", 1, 1, tomlfile.REQUIRED)
    title = root.text("title", path.stem)
    kernels = root.texts("kernels", tomlfile.REQUIRED)
    for name in kernels:
        try:
            track.check(name)
        except UsageError as error:
            root.complain("kernels", str(error))
    first_good = root.text("first_good", "")
    if first_good:
        if len(kernels) > 1:
            root.complain("first_good", "is the base of one kernel, and kernels names "
                                        f"{len(kernels)}; give each a file of its own")
        try:
            spec.parse(first_good)
        except UsageError as error:
            root.complain("first_good", str(error))
    experiment = path.parent / root.text("experiment", tomlfile.REQUIRED)
    try:
        asked = plan.load(experiment, (kernels[0],))
    except UsageError as error:
        root.complain("experiment", str(error))
    known = root.text("known", "")
    history = root.table("history")
    settings = Settings(history.number("fence", 0.0, 1000.0, Rule.fence),
                        history.number("alpha", 0.001, 0.5, Rule.alpha))
    history.close()
    thin = root.table("retention")
    retention = Retention(thin.integer("keep", 0, 100000, 30), thin.integer("every", 1, 100000, 7))
    thin.close()
    looks = _looks(root) if "layouts" in root.keys() else None
    nightly = Nightly(path.stem, title, path, tuple(kernels), first_good, experiment,
                      root.boolean("fetch", False), root.text("unchanged", "measure", UNCHANGED),
                      root.text("on_regression", "report", ON_REGRESSION),
                      path.parent / known if known else None, settings, retention,
                      layouts.raised(asked.rules.layouts) if looks is None else looks)
    root.close()
    return nightly
