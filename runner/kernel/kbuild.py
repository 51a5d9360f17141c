# SPDX-License-Identifier: GPL-2.0-only
"""Configure and compile one flavour of a source tree."""
from __future__ import annotations

import json
import time
from pathlib import Path

from runner.errors import CannotMeasure
from runner.kernel import fragments, make, toolchain
from runner.kernel.definitions import Source
from runner.kernel.fragments import Request
from runner.kernel.stage import Content
from runner.kernel.tree import write
from runner.progress import Progress

#: Files compiled or linked by a whole build, and seconds of one that follows
#: another in the same folder, until this machine has shown its own (measured
#: for 6.1 on 2 cores).
FILES, AGAIN = 1000, 30.0


def bzimage(source: Source, src: Path, out: Path, log: Path, wanted: list[Request],
            label: str, lock: int, progress: Progress) -> None:
    """Leave arch/x86/boot/bzImage in `out`; the log starts afresh.

    UsageError where the configuration is not what was asked for, CannotMeasure
    where make fails.
    """
    fresh = not (out / ".config").exists()
    out.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    before = _text(out / ".config")
    _configure(source, src, out, log, wanted, label, lock, progress)
    notes = out / "swapscale.json"
    try:
        known = json.loads(notes.read_text(encoding="utf-8"))
        files, again = int(known["files"]), float(known["again"])
    except (OSError, ValueError, LookupError, TypeError):
        files, again = FILES, AGAIN
    # Another configuration compiles nearly everything again.
    whole = not (out / "vmlinux").exists() or before != _text(out / ".config")
    started = time.monotonic()
    with progress.step(f"build {label}", None if whole else again) as step:
        def compiled(done: int, file: str) -> None:
            step.update(min(0.99, done / files) if whole else None, file.removeprefix(f"{out}/"))

        count = make.run(toolchain.make(source, src, out, "bzImage"), log, f"build of {label}",
                         lock, compiled)
    if fresh:
        files = max(1, count)
    elif not whole:
        again = time.monotonic() - started
    write(notes, Content((json.dumps({"files": files, "again": again}) + "\n").encode(), 0o644))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _configure(source: Source, src: Path, out: Path, log: Path, wanted: list[Request],
               label: str, lock: int, progress: Progress) -> None:
    config = out / ".config"
    with progress.step(f"configure {label}", expected=6):
        make.run(toolchain.make(source, src, out, "tinyconfig"), log,
                 f"configuration of {label}", lock)
        if not config.is_file():
            raise CannotMeasure(f"configuration of {label}: make left no .config; see {log}")
        tiny = config.read_text(encoding="utf-8")
        config.write_text(fragments.merge(tiny, wanted), encoding="utf-8")
        make.run(toolchain.make(source, src, out, "olddefconfig"), log,
                 f"configuration of {label}", lock)
    fragments.check(config.read_text(encoding="utf-8"), wanted, label)
