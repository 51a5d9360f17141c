# SPDX-License-Identifier: GPL-2.0-only
"""Sources 'debian': the tarball of a linux-source package, installed or fetched from a suite.

An installed one comes first; one that was fetched stays in the cache, and is what the name means
until another is fetched.  A source that follows a suite asks for what is newest there whenever it
is built; what it had last is taken where the archive cannot be reached, or has it no more.
"""
from __future__ import annotations

import json
import re
from pathlib import Path

from runner import command, paths
from runner.debian import archive
from runner.debian.archive import Archive, Package
from runner.errors import CannotMeasure
from runner.kernel import definitions
from runner.kernel.definitions import Source
from runner.kernel.stage import Content
from runner.kernel.tree import write
from runner.progress import Progress

_NAME = re.compile(r"linux-source-\d+(?:\.\d+)*")


class NotFetched(CannotMeasure):
    """The source is to be had, and is not here yet."""


def _note(suite: str) -> Path:
    """Names the package that a suite's newest source was when it was last asked."""
    return paths.cache() / "debian" / suite / "newest-source.json"


def _fetched(source: Source) -> tuple[Package, Path] | None:
    """What the source means among what was fetched."""
    if not source.suite:
        return None
    known = archive.kept(source.package or "linux-source-*")
    if source.follows:
        try:
            told = json.loads(_note(source.suite).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = [pair for pair in known if [pair[0].name, pair[0].version] == told]
    return known[-1] if known else None


def place(source: Source) -> Path:
    """The tarball as it is here now; NotFetched where it has to be fetched first."""
    if source.package and (source.path.is_file() or not source.suite):
        if not source.path.is_file():
            raise CannotMeasure(f"kernel {source.name}: {source.path} is not there; "
                                f"apt-get install {source.package}")
        return source.path
    fetched = _fetched(source)
    if fetched is None:
        raise NotFetched(f"kernel {source.name}: its source is not here yet; './swapscale kernel "
                         f"build {source.name}' fetches it from Debian's {source.suite}")
    return fetched[1] / definitions.installed(fetched[0].name).relative_to("/")


def version(source: Source) -> str:
    """'linux-source-7.3 7.3.4-1~bpo13+1'; '' where it is not here."""
    if source.package and source.path.is_file():
        try:
            told = command.run(["dpkg-query", "-W", "-f", "${Version}", source.package],
                               source.name, "dpkg")
        except CannotMeasure:
            return ""                 # a tarball that no package put there
        return f"{source.package} {told}"
    fetched = _fetched(source)
    return f"{fetched[0].name} {fetched[0].version}" if fetched else ""


def renew(source: Source) -> str:
    """What brings a source that is too old up to date, for the end of a line: without its
    security updates, a release has an older one than the series here are made on."""
    if source.package and source.path.is_file():
        return f"install Debian's newest {source.package}, of its security updates"
    fetched = _fetched(source)
    return f"remove {fetched[1] if fetched else paths.cache() / 'debian'}, to have its newest"


def obtain(source: Source, progress: Progress, move: bool = False) -> None:
    """Have the source here; a new state of it where it follows a suite, or where `move` asks.

    CannotMeasure where it cannot be had and none is kept.
    """
    if not source.suite or source.package and source.path.is_file():
        return
    had = _fetched(source)
    if had and not source.follows and not move:
        return
    suite = Archive(source.suite)
    try:
        suite.refresh(progress, 0 if move else None)
        name = source.package or _newest(suite)
        newest = suite.newest(name) if name else None
        if newest is None:
            raise CannotMeasure(f"Debian's {source.suite} has no {name or 'linux-source'}")
        suite.fetch(newest, progress)
    except CannotMeasure as error:
        if had is None:
            raise CannotMeasure(f"kernel {source.name}: {error}") from None
        progress.warn(f"kernel {source.name}: {error}; {had[0].name} {had[0].version}, fetched "
                      "before, is taken")
        return
    if source.follows:
        told = json.dumps([newest.name, newest.version]) + "\n"
        write(_note(source.suite), Content(told.encode(), 0o644))
    if had is None or had[0].version != newest.version:
        progress.log(f"kernel {source.name}: is {newest.name} {newest.version} of Debian's "
                     f"{source.suite}")


def _newest(suite: Archive) -> str:
    """The suite's package of the highest kernel version, '' where it has none."""
    names = [name for name in suite.names("linux-source-") if _NAME.fullmatch(name)]
    return max(names, key=lambda name: tuple(map(int, name.split("-")[2].split("."))), default="")
