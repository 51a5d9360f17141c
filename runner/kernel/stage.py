# SPDX-License-Identifier: GPL-2.0-only
"""A series applied off to the side: what each touched file becomes.

patch(1) runs on copies in a scratch folder, one named file at a time, so a
series that does not apply leaves the tree as it is.  A hunk may have moved
(offset) but must match to the letter (no fuzz): a hunk placed by a guess
would be a different kernel under the same name.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure, UsageError, printable
from runner.kernel.diff import FileDiff
from runner.kernel.series import Series

_FAILED = re.compile(rb"^Hunk #(\d+) FAILED at (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Content:
    """A file: its bytes and permission bits."""

    data: bytes
    mode: int


#: path in the tree -> what stands there; None: nothing does
Overlay = dict[str, Content | None]


def apply(series: Series, pristine: Callable[[str], Content | None], scratch: Path) -> Overlay:
    """What every file that the series touches becomes.

    `pristine` reads a file of the unpatched tree; `scratch` is an empty
    folder.  UsageError names series, patch, file and hunk of what does not
    apply.
    """
    changed: Overlay = {}
    for patch in series.patches:
        for diff in patch.files:
            before = changed[diff.path] if diff.path in changed else pristine(diff.path)
            what = f"series {patch.series}: {patch.name}: {printable(diff.path, 100)}"
            changed[diff.path] = _one(diff, before, scratch, what)
    return changed


def _one(diff: FileDiff, before: Content | None, scratch: Path, what: str) -> Content | None:
    if before is None and not diff.creates:
        raise UsageError(f"{what}: is not in this source; the series is for another one")
    if before is not None and before.data and diff.creates:
        raise UsageError(f"{what}: the patch makes this file, but the source has it already")
    start = before or Content(b"", 0o644)
    old, new, rejects = scratch / "old", scratch / "new", scratch / "rejects"
    old.write_bytes(start.data)
    new.unlink(missing_ok=True)
    try:
        done = subprocess.run(
            ["patch", "--unified", "--batch", "--forward", "--fuzz=0",
             "--no-backup-if-mismatch", f"--reject-file={rejects}", f"--output={new}", str(old)],
            input=b"--- old\n+++ new\n" + b"".join(diff.hunks), capture_output=True, check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
    except FileNotFoundError:
        raise CannotMeasure("patch: is not installed; apt-get install patch") from None
    if done.returncode:
        raise UsageError(f"{what}: {_why(diff, done.stdout + done.stderr)}")
    data = new.read_bytes() if new.exists() else b""
    if diff.deletes:
        if data:
            raise UsageError(f"{what}: the patch deletes this file, but the source's has more in "
                             "it than the patch takes away")
        return None
    return Content(data, start.mode if diff.mode is None else diff.mode)


def _why(diff: FileDiff, said: bytes) -> str:
    failed = [(int(number), f" at line {int(line)}") for number, line in _FAILED.findall(said)]
    if b"Reversed (or previously applied)" in said:
        # patch(1) stops at the first hunk then, and does not number it.
        failed = [(1, " (perhaps this source has the change already)")]
    if not failed:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
        return f"does not apply: {printable(last[0], 120)}"
    number, where = failed[0]
    head = diff.hunks[number - 1].split(b"\n")[0].decode("utf-8", "replace")
    more = f" (and {len(failed) - 1} more of this file)" if len(failed) > 1 else ""
    return (f"hunk {number} of {len(diff.hunks)} does not apply{where}: {printable(head, 80)}"
            f"{more}; rebase the patch on this source")
