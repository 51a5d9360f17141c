# SPDX-License-Identifier: GPL-2.0-only
"""Whether what a variant sets took effect in a boot; a sample in which it did not is invalid."""
from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from runner.asked import Under
from runner.errors import CannotMeasure, printable
from runner.judge import ineffective
from runner.metrics import guestfile
from runner.reason import Reason, ReasonKind
from runner.records import BuiltKernel
from runner.settings.words import taken

#: What the agent read of them before and after the load.
BEFORE, AFTER = "before.settings", "after.settings"
_LINE = re.compile(r"(?P<path>/\S+) (?P<failed>\d{1,5}) (?P<read>.*)")
_MOST = 1 << 18


def reasons(under: Under, kernel: BuiltKernel, evidence: Path) -> Iterable[Reason]:
    """Why the settings of a boot that ended well do not hold; nothing where all of them do."""
    for passed in ineffective.measured(kernel, under.parameters, evidence).values():
        yield _no(f"did not take effect: {passed.evidence}")
    for file, when in ((BEFORE, "before"), (AFTER, "after")) if under.knobs else ():
        try:
            read = _read(evidence / file)
        except CannotMeasure as error:
            yield Reason(ReasonKind.EVIDENCE, str(error))
            return
        wrong = []
        for knob in under.knobs:
            failed, said = read.get(knob.path, (0, ""))
            if not taken(knob, said):
                wrong.append(_no(f"{knob.asked} did not take effect: {_why(failed)}{knob.path} "
                                 f"reads {_shown(said)} {when} the load ({file})"))
        if wrong:
            yield from wrong
            return


def _no(text: str) -> Reason:
    return Reason(ReasonKind.SETTING, text)


def _why(failed: int) -> str:
    return f"the kernel refused it ({os.strerror(failed)}); " if failed else ""


def _shown(read: str) -> str:
    if re.fullmatch(r"!\d+", read):
        return "nothing: there is no such file" if int(read[1:]) == errno.ENOENT \
            else f"nothing ({os.strerror(int(read[1:]))})"
    return repr(printable(read, 80)) if read else "nothing"


def _read(path: Path) -> dict[str, tuple[int, str]]:
    """By file: errno of writing it, and what it read."""
    settings = {}
    for number, line in enumerate(guestfile.text(path, _MOST).splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise CannotMeasure(f"{path.name}:{number}: is no setting: {printable(line, 60)!r}")
        settings[match["path"]] = int(match["failed"]), match["read"]
    return settings
