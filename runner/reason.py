# SPDX-License-Identifier: GPL-2.0-only
"""Why a sample does not count: a kind, which verdicts go by, and a text, which people read."""
from __future__ import annotations

import enum
from dataclasses import dataclass


class ReasonKind(enum.StrEnum):
    """What programs may tell reasons apart by; the words of the text are free to change."""

    BOOT = "boot"                          # it did not end well; the outcome says how
    CONTENTS = "contents"                  # pages came back other than they were written
    UNSOUND = "unsound"                    # left over, without an end, killed by its own memory
    MISSED = "missed"                      # the torture did not reach what it is for
    ACCELERATOR = "accelerator"            # ran on another than was planned
    UNVERIFIED = "unverified"              # contents were to be checked and were not
    EVIDENCE = "evidence"                  # a file is missing, malformed or shows nothing
    DEVICE = "device"                      # swap went elsewhere than it was to
    FULL = "device-full"
    FEW_PAGES = "few-pages"                # swapped out fewer than rules.pswpout_floor
    DISAGREEMENT = "disagreement"          # workload and kernel on pages swapped out
    SETTING = "setting"                    # one that was asked for did not take effect
    TOOL = "tool"                          # one of the instruments did not do its work
    HOST = "host-busy"
    UNKNOWN = "unknown"                    # of another version's results, which say no kind


@dataclass(frozen=True)
class Reason:
    kind: ReasonKind
    text: str                              # one printable line

    def __str__(self) -> str:
        return self.text


def joined(reasons: tuple[Reason, ...]) -> str:
    """All of them in one line."""
    return "; ".join(map(str, reasons))


def of_old(text: str, outcome: str) -> Reason:
    """A reason as results held them that knew texts only.

    Those versions told these three apart by how the text begins; the others nothing went by.
    """
    for begins, kind in (("PAGE CONTENTS WRONG", ReasonKind.CONTENTS),
                         ("UNSOUND: ", ReasonKind.UNSOUND),
                         (f"{outcome}: ", ReasonKind.BOOT)):
        if text.startswith(begins):
            return Reason(kind, text)
    return Reason(ReasonKind.UNKNOWN, text)
