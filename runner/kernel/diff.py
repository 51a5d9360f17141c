# SPDX-License-Identifier: GPL-2.0-only
"""Unified diffs, taken apart before anything touches a file.

A patch is somebody else's text.  Only its hunks ever reach patch(1), one
named file at a time; the paths in it are checked here, and whatever is more
than a change to a text file (renames, links, binary data) is refused.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NoReturn

from runner.errors import UsageError, printable

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_MODE = re.compile(rb"new(?: file)? mode (\d{6})\s*$")
_BARE = re.compile(rb"(old|new|new file|deleted file) mode ")
_REFUSED = re.compile(rb"(rename|copy) (from|to) |GIT binary patch|Binary files .* differ")


@dataclass(frozen=True)
class FileDiff:
    """What one patch does to one file."""

    path: str                     # inside the tree, checked
    creates: bool
    deletes: bool
    mode: int | None              # permission bits where the patch sets them
    hunks: tuple[bytes, ...]      # each with its @@ line, in order


@dataclass
class _Reader:
    lines: list[bytes]            # with their line ends
    strip: int
    what: str                     # 'series NAME: PATCH', for messages
    at: int = 0

    def fail(self, problem: str) -> NoReturn:
        raise UsageError(f"{self.what}:{self.at + 1}: {problem}")

    def peek(self, prefix: bytes, ahead: int = 0) -> bool:
        return self.at + ahead < len(self.lines) and self.lines[self.at + ahead].startswith(prefix)

    def path(self, line: bytes) -> str | None:
        """The path of a '---' or '+++' line; None for /dev/null."""
        text = line[4:].split(b"\t")[0].rstrip().decode("utf-8", "replace")
        if text == "/dev/null":
            return None
        shown = printable(text, 80)
        parts = PurePosixPath(text).parts
        if text.startswith(("/", '"')) or ".." in parts or "\\" in text or not text.isprintable():
            self.fail(f"{shown}: is not a path inside the tree; make the patch with git "
                      "format-patch or quilt in the tree's top folder")
        if len(parts) <= self.strip:
            self.fail(f"{shown}: has nothing left after -p{self.strip}; say the right -pN in the "
                      "series file")
        inside = parts[self.strip:]
        if inside[0] == ".git":
            self.fail(f"{shown}: belongs to git, not to the tree")
        return "/".join(inside)

    def hunk(self) -> bytes:
        head = _HUNK.match(self.lines[self.at])
        if head is None:
            self.fail("a hunk's first line must read '@@ -LINE,COUNT +LINE,COUNT @@'")
        old, new = int(head[2] or 1), int(head[4] or 1)
        taken = [self.lines[self.at]]
        while old > 0 or new > 0:
            self.at += 1
            if self.at >= len(self.lines):
                self.fail("the patch ends inside a hunk; it was cut off")
            line = self.lines[self.at]
            kind = line[:1]
            if kind == b"\n":              # mailers strip the space of empty context
                line, kind = b" " + line, b" "
            if kind not in (b" ", b"-", b"+", b"\\"):
                self.fail("is not a line of a hunk; the patch was damaged, perhaps by a mailer "
                          "that wraps lines")
            old -= kind in (b" ", b"-")
            new -= kind in (b" ", b"+")
            if old < 0 or new < 0:
                self.fail("the hunk holds more lines than its first line says")
            taken.append(line)
        self.at += 1
        if self.peek(b"\\"):               # '\ No newline at end of file'
            taken.append(self.lines[self.at])
            self.at += 1
        return b"".join(taken)

    def file(self, mode: int | None) -> FileDiff:
        old = self.path(self.lines[self.at])
        self.at += 1
        new = self.path(self.lines[self.at])
        if old is None and new is None:
            self.fail("names no file on either side")
        if old is not None and new is not None and old != new:
            self.fail(f"renames {printable(old, 80)} to {printable(new, 80)}; renames are not "
                      "applied here: make the patch with --no-renames")
        self.at += 1
        hunks = []
        while self.peek(b"@@ "):
            hunks.append(self.hunk())
        if not hunks:
            self.fail("a hunk ('@@ … @@') must follow the file's names")
        # git says so with /dev/null, plain diff with an empty side.
        creates = old is None or re.match(rb"@@ -0,0 ", hunks[0]) is not None
        return FileDiff(str(new or old), creates, new is None, mode, tuple(hunks))


def parse(text: bytes, strip: int, what: str) -> tuple[FileDiff, ...]:
    """All file diffs of a patch, in order; UsageError 'WHAT:LINE: problem'."""
    lines = [line + b"\n" for line in text.removesuffix(b"\n").split(b"\n")]
    reader = _Reader(lines, strip, what)
    file_diffs: list[FileDiff] = []
    in_git_header, bare, mode = False, False, None
    while reader.at <= len(lines):
        line = lines[reader.at] if reader.at < len(lines) else b"diff --git "
        if line.startswith(b"diff --git "):
            if bare:
                reader.fail("a change of mode alone, or of an empty file, stands above this line; "
                            "such changes are not applied here")
            in_git_header, mode = True, None
        elif in_git_header and _REFUSED.match(line):
            reader.fail("renames, copies and binary files are not applied here; make the patch "
                        "with git format-patch --no-renames")
        elif in_git_header and _BARE.match(line):
            bare = True
            if said := _MODE.match(line):
                if not said[1].startswith(b"100"):
                    reader.fail("links and submodules are not applied here, plain files alone")
                mode = 0o755 if int(said[1], 8) & 0o100 else 0o644
        elif line.startswith(b"--- ") and reader.peek(b"+++ ", 1):
            file_diffs.append(reader.file(mode))
            in_git_header, bare, mode = False, False, None
            continue
        reader.at += 1
    if not file_diffs:
        raise UsageError(f"{what}: holds no unified diff; a patch here is what git format-patch or "
                         "diff -u prints")
    return tuple(file_diffs)
