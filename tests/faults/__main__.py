# SPDX-License-Identifier: GPL-2.0-only
"""make faults: inject every fault end to end, write docs/faults.md.

    python3 -m tests.faults [NAME or GROUP...]

What is on record in results/faults/ is not done again, unless it is named or the code has changed
since; what cannot be done here keeps its row of the page.
"""
from __future__ import annotations

import signal

from runner import paths, programs
from runner.errors import Exit, UsageError
from runner.kernel import build
from runner.progress import Progress
from tests import longrun
from tests.faults import page, record, runs
from tests.faults.all import FAULTS
from tests.faults.fault import GROUPS, Fault

PAGE = paths.ROOT / "docs" / "faults.md"


def chosen(words: list[str]) -> list[Fault]:
    """The faults that words name; all without a word."""
    for word in words:
        if word not in FAULTS and word not in GROUPS:
            raise UsageError(f"faults: {word!r} is no fault and no group of them; groups: "
                             f"{', '.join(GROUPS)}; faults: {', '.join(FAULTS)}")
    return [one for one in FAULTS.values()
            if not words or one.name in words or one.group in words]


def main(words: list[str]) -> int:
    # What is started with '&' ignores it, and so would every runner that is to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    progress = Progress()
    wanted = chosen(words)
    programs.build(progress)
    runs.build()
    for name, flavour in record.KERNELS:
        build.build(name, flavour, progress)
    done = record.read()
    todo = [one for one in wanted if one.name in words or one.name not in done]
    for number, one in enumerate(todo, 1):
        with progress.step(f"fault {number} of {len(todo)}: {one.name}"):
            told = record.make(one)
        record.keep(told)
        for problem in told.problems:
            progress.log(f"  {one.name}: {problem}")
    kept = record.read(stale=True)
    PAGE.write_text(page.render(FAULTS.values(), kept,
                                PAGE.read_text("utf-8") if PAGE.exists() else ""), "utf-8")
    wrong = [one.name for one in wanted if one.name in kept and kept[one.name].problems]
    away = [one.name for one in wanted if one.name in kept and kept[one.name].absent]
    print(f"{len(wanted) - len(wrong) - len(away)} of {len(wanted)} faults are as they should be")
    for names, what in ((wrong, "are not"), (away, "cannot be injected here")):
        if names:
            print(f"{len(names)} {what}: {', '.join(names)}")
    return Exit.REGRESSED if wrong else Exit.OK


if __name__ == "__main__":
    longrun.run(main, "make faults")
