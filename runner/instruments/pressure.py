# SPDX-License-Identifier: GPL-2.0-only
"""stress-ng: an independent source of pressure, or noise beside swapstorm."""
from __future__ import annotations

import shlex

from runner.tomlfile import Table

PROGRAM = "stress-ng"
PATH = f"/bin/{PROGRAM}"
#: Nothing drawn from the clock, so that boots under icount repeat; no file of its own on a disk.
_ALWAYS = ("--no-rand-seed", "--temp-path", "/tmp")
#: What would end it or let it write elsewhere.
_REFUSED = ("--timeout", "-t", "--log-file", "--yaml", "-Y", "--temp-path", "--job", "--syslog")


def arguments(table: Table, key: str) -> tuple[str, ...]:
    """stress-ng's command line from a text; UsageError where it is none of ours to run."""
    text = table.text(key, "")
    try:
        words = shlex.split(text)
    except ValueError as error:
        table.complain(key, f"{text!r} is not a command line: {error}")
    if key not in table.keys():
        return ()
    if len(words) > 40:
        table.complain(key, f"{len(words)} words are more than 40")
    for word in words:
        if word.split("=")[0] in _REFUSED:
            table.complain(key, f"{word}: is not for an experiment to say; the boot ends it and "
                                "keeps what it says")
    if not words or not words[0].startswith("-"):
        table.complain(key, f"{text!r} does not begin with a stressor such as '--vm 2'")
    return (PATH, *_ALWAYS, *words)
