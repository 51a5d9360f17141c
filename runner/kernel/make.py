# SPDX-License-Identifier: GPL-2.0-only
"""make, run with its log kept, its progress shown and its end assured."""
from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from runner import command
from runner.errors import CannotMeasure, DoesNotBuild, printable

_COMPILED = re.compile(rb"  (?:CC|AS|LD)  ")
_ERRORS = (re.compile(r"^\S+?:\d+(?::\d+)?: (?:fatal )?error: .+"),
           re.compile(r"^\S+?:\d+: (?:\*\*\*|Error:) .+"),
           re.compile(r".*(?:undefined reference to|multiple definition of) .+"),
           re.compile(r"^(?:error|.*: error): .+", re.IGNORECASE),
           re.compile(r".*: (?:command )?not found$"),
           re.compile(r"^make(?:\[\d+\])?: \*\*\* .+"))
#: What a build dies of that is no fault of what is built.
_HOST = re.compile(r"No space left on device|Disk quota exceeded|Read-only file system"
                   r"|Input/output error|Cannot allocate memory|virtual memory exhausted"
                   r"|Too many open files|Resource temporarily unavailable"
                   r"|Killed signal terminated program|internal compiler error: (Killed|Terminated)"
                   r"|: (command )?not found$", re.MULTILINE)


def run(argv: list[str], log: Path, what: str, lock: int,
        compiled: Callable[[int, str], None] = lambda count, file: None) -> int:
    """Run make with its output appended to `log`; how many files it compiled or linked.

    `compiled` is called for each with the count so far and its name.  `lock`
    is an open file whose lock the children hold too: should this process be
    killed, nobody else builds here before they have ended (and they are told
    to).  When make fails, DoesNotBuild 'WHAT: first error; log', or CannotMeasure where the
    host is to blame.
    """
    argv = command.dying_with_us(argv, what)
    count = 0
    with open(log, "ab") as kept, subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=(lock,), start_new_session=True, env=command.environment()) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                kept.write(line)
                if _COMPILED.match(line):
                    count += 1
                    compiled(count, line[8:].strip().decode("utf-8", "replace"))
            status = process.wait()
        except BaseException:
            _end(process)
            raise
    if status:
        host = _HOST.search(log.read_text(encoding="utf-8", errors="replace"))
        error = CannotMeasure if host or status < 0 else DoesNotBuild
        raise error(f"{what}: {printable(host[0]) + ': ' if host else ''}{first_error(log)}; "
                    f"the whole log: {log}")
    return count


def _end(process: subprocess.Popen[bytes]) -> None:
    """End make and all it started: politely, so that half-written files go, then surely."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sent)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def first_error(log: Path) -> str:
    """The line of a build log that says what went wrong, printable."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for pattern in _ERRORS:
        for line in lines:
            if pattern.match(line):
                return printable(line)
    return printable(lines[-1]) if lines else "make failed and said nothing"
