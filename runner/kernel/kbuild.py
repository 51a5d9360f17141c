# SPDX-License-Identifier: GPL-2.0-only
"""Configure and compile one flavour of a source tree."""
from __future__ import annotations

import json
import time
from pathlib import Path

from runner.errors import CannotMeasure, UsageError
from runner.kernel import definitions, fragments, kconfig, make, toolchain, versions
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
            label: str, lock: int, progress: Progress) -> list[Request]:
    """Leave arch/x86/boot/bzImage in `out`; the log starts afresh.  The options it has of those
    asked for.

    UsageError where the configuration is not what was asked for, CannotMeasure
    where make fails.
    """
    fresh = not (out / ".config").exists()
    out.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    before = _text(out / ".config")
    got = configure(source, src, out, log, wanted, label, lock, progress)
    notes = out / "swapscale.json"
    try:
        noted = json.loads(notes.read_text(encoding="utf-8"))
        files, again = int(noted["files"]), float(noted["again"])
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
    return got


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def configure(source: Source, src: Path, out: Path, log: Path, wanted: list[Request],
              label: str, lock: int, progress: Progress) -> list[Request]:
    """Leave .config in `out`; the options it has of those asked for, alternatives decided.

    Every line is asked for by its first alternative; where that does not hold, by its next.
    """
    config = out / ".config"
    out.mkdir(parents=True, exist_ok=True)
    with progress.step(f"configure {label}", expected=6):
        make.run(toolchain.make(source, src, out, "tinyconfig"), log,
                 f"configuration of {label}", lock)
        if not config.is_file():
            raise CannotMeasure(f"configuration of {label}: make left no .config; see {log}")
        tiny = config.read_text(encoding="utf-8")
        left, tried = [request.ways() for request in wanted], False
        while True:
            asked = [ways[0] for ways in left]
            config.write_text(fragments.merge(tiny, asked), encoding="utf-8")
            make.run(toolchain.make(source, src, out, "olddefconfig"), log,
                     f"configuration of {label}", lock)
            came = config.read_text(encoding="utf-8")
            lost = fragments.lost(came, asked)
            if lost and not tried and versions.unseen(kconfig.version(src)):
                tried = True          # once: what nobody has looked through yet
                options = kconfig.symbols(src)
                for ways in left:
                    if ways[0] in lost and len(ways) == 1 and (
                            more := kconfig.successor(ways[0], options)):
                        ways.append(more)
            movable = [ways for ways in left if ways[0] in lost and len(ways) > 1]
            if not movable:
                break
            for ways in movable:
                del ways[0]
    places = [request.place for request in lost]
    return _judged(source, src, [request for request in asked if request not in lost],
                   [request for request in wanted if request.place in places], came, label,
                   progress)


def _judged(source: Source, src: Path, got: list[Request], lost: list[Request], came: str,
            label: str, progress: Progress) -> list[Request]:
    """Those that hold; UsageError about all others at once, or a warning where the kernel is
    newer than what the fragments were written for."""
    if not lost:
        return got
    why = kconfig.explain(lost, fragments.values(came), src)
    said = "; ".join(f"({number}) {text}" for number, text in enumerate(why, 1))
    version = kconfig.version(src)
    if versions.unseen(version):
        progress.warn(f"{label}: Linux {version} is newer than any kernel the fragments were "
                      f"written for, and goes without {len(lost)} of their options: {said}; "
                      "what it is compared with has them, and reports say so; './swapscale kernel "
                      f"adopt {source.name}' proposes how to fit them")
        return got
    names = ", ".join(f'"{request.option}"' for request in lost)
    raise UsageError(f"{label}: {len(lost)} option{'s' * (len(lost) > 1)} did not come out as "
                     f"asked: {said}. {definitions.where_to_say(source)}: without = [{names}]")
