# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's name: what it means, or one line about what is wrong with it.

    SOURCE[:SERIES]            6.1:vanilla, 6.12:batch-add, 6.1:./my/series
    SOURCE@ID[:SERIES]         6.1@<SHA-256 of its tarball>, mine@v6.9: another state of it
    git:PATH[@REF][:SERIES]    git:/src/linux@v6.9
    tarball:PATH[:SERIES]      tarball:/src/linux-6.6.tar.xz
    dir:PATH[:SERIES]          dir:/src/linux
    image:PATH                 image:/boot/vmlinuz-6.1.0-30-amd64
    debian:VERSION             debian:6.1, debian:6.1.0-56: as Debian ships it, not built
    debian:SUITE[@VERSION][:SERIES]   debian:sid, debian:sid@7.3.4-1: the newest kernel source of
                               that suite of Debian's, or one of its versions that was fetched

SERIES is a name of kernels/series or the path of a folder, NAME@N for its
first N patches, and several joined by '+' to stand on each other.  What a
series stands on by itself (its file 'base') need not be said.  Settings in
braces at the end (runner/settings/variant.py) are nothing of the kernel's.
"""
from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.debian import archive
from runner.errors import UsageError, printable
from runner.kernel import definitions, series
from runner.kernel.definitions import REF, Source
from runner.kernel.series import Part
from runner.settings import variant
from runner.tomlfile import meant

FORMS = ("SOURCE[:SERIES], git:PATH[@REF][:SERIES], tarball:PATH[:SERIES], dir:PATH[:SERIES], "
         "image:PATH, debian:VERSION (as shipped) or debian:SUITE[:SERIES] (its newest source)")
_INLINE = ("git", "tarball", "dir", "image", "debian")
_READY = ("image", "stock")
#: Debian's own name for the backports of whatever release is stable.
_ALIASES = {"backports": "stable-backports"}
_VERSION = re.compile(r"\d+\.\d+[0-9A-Za-z.+~-]*")
_PART = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,63}|[^+@]*/[^+@]*)"
                   r"(?:@(?P<upto>\d{1,4}))?")


class NameError_(UsageError):
    """A kernel's name that means nothing here; the message is one line."""


@dataclass(frozen=True)
class Spec:
    """What a kernel's name stands for."""

    name: str                 # as the user wrote it
    source: Source
    stack: tuple[Part, ...]   # series in the order they apply; empty: vanilla


@dataclass(frozen=True)
class Words:
    """A name taken apart, nothing looked up yet."""

    kind: str                 # one of the inline kinds, 'stock', or '' for a defined source
    place: str                # path, suite, version, or the source's name
    ref: str
    series: str


def split(name: str) -> Words:
    """Take a name apart by its grammar; NameError_ where it has none."""
    shown = printable(name, 100)
    name = variant.kernel_of(name)
    if not name or not name.isprintable() or name != name.strip():
        raise NameError_(f"{shown!r} is not a kernel; a kernel is {FORMS}")
    head, colon, rest = name.partition(":")
    kind = head if colon and head in _INLINE else ""
    if kind == "debian" and not rest[:1].isalpha():
        kind = "stock"
    if kind in _READY:
        place, rest = rest, "vanilla"
    elif kind:
        place, colon, rest = rest.partition(":")
    else:
        place = head
    if colon and not rest:
        raise NameError_(f"{shown}: nothing stands after the last ':'; leave it away or name "
                         "a series")
    ref = ""
    if kind in ("", "git", "debian") and "@" in place:
        place, _, ref = place.rpartition("@")
        if not REF.fullmatch(ref):
            raise NameError_(f"{shown}: {printable(ref, 60)!r} is not a branch, tag or commit")
    if kind == "debian":
        place = _ALIASES.get(place, place)
        if not archive.SUITE.fullmatch(place):
            raise NameError_(f"{shown}: {printable(place, 60)!r} is neither a suite of Debian's, "
                             "such as sid, testing or trixie-backports, nor a version")
    if not place:
        raise NameError_(f"{shown}: names no {'path' if kind else 'source'}; a kernel is {FORMS}")
    patches = rest if colon or kind in _READY else "vanilla"
    for part in patches.split("+"):
        if not _PART.fullmatch(part):
            raise NameError_(f"{shown}: {printable(part, 60)!r} is not a series: a name of "
                             "kernels/series or the path of a folder with '/' in it, @N after it "
                             "for its first N patches, '+' between several")
    return Words(kind, place, ref or ("HEAD" if kind == "git" else ""), patches)


def parse(name: str) -> Spec:
    """The source and series a name stands for.

    NameError_ where the name means nothing; nothing of the source is read.
    """
    words = split(name)
    if words.kind == "stock":
        if not _VERSION.fullmatch(words.place):
            raise NameError_(f"{printable(name, 100)}: {printable(words.place, 60)!r} is not a "
                             "version of Debian's kernel, such as 6.1, 6.12 or 6.1.0-56")
        source = Source(f"debian:{words.place}", "stock", Path("/"), words.place)
    elif words.kind == "debian":
        source = definitions.like(
            Source(f"debian:{words.place}", "debian", definitions.installed(""), suite=words.place))
        if words.ref:
            source = _at(name, source, words.ref)
    elif words.kind:
        path = Path(words.place).expanduser().absolute()
        source = Source(f"{words.kind}:{words.place}", words.kind, path, words.ref)
        if not source.ready:
            source = definitions.like(source)
    else:
        source = _defined(words.place)
        if words.ref:
            source = _at(name, source, words.ref)
    if source.ready and words.series != "vanilla":
        raise NameError_(f"{printable(name, 100)}: a ready image takes no series")
    stack = () if words.series == "vanilla" else tuple(_stack(name, words.series, source, ()))
    return Spec(name, source, stack)


def _at(name: str, source: Source, state: str) -> Source:
    """A source in another state than the one it is in now."""
    if source.kind == "git":
        return dataclasses.replace(source, ref=state)
    if source.kind not in ("debian", "tarball"):
        raise NameError_(f"{printable(name, 100)}: a source of kind {source.kind} has no states")
    kept = definitions.kept(state) if re.fullmatch("[0-9a-f]{64}", state) else None
    for package, folder in archive.kept(source.package or "linux-source-*"):
        if source.kind == "debian" and package.version == state:
            kept = folder / definitions.installed(package.name).relative_to("/")
    if kept is None or not kept.is_file():
        raise NameError_(f"{printable(name, 100)}: no source of that version or SHA-256 is kept "
                         f"under {paths.cache()}; './swapscale nightly' keeps those it has "
                         "measured, and what a suite of Debian's had is kept once fetched")
    # Not Debian's package any more, and so not to be looked for as one.
    return dataclasses.replace(source, kind="tarball", path=kept, package="", suite="")


def _stack(shown: str, series_text: str, source: Source, below: tuple[str, ...]) -> list[Part]:
    """`series_text` taken apart, each series on what it stands on.

    `below`: names of the series whose base is being looked up, so that a
    circle is seen.
    """
    stack: list[Part] = []
    for word in series_text.split("+"):
        match = _PART.fullmatch(word)
        if match is None or match["name"] in below:
            raise NameError_(f"{printable(shown, 100)}: the base of {below[-1]}, "
                             f"{printable(word, 60)!r}, is no series it can stand on")
        part = Part(match["name"], _folder(shown, match["name"], source),
                    None if match["upto"] is None else int(match["upto"]))
        count = len(series.entries(part.folder))
        if (part.upto or 0) > count:
            raise NameError_(f"{printable(shown, 100)}: {part.name} has {count} patches, not "
                             f"{part.upto}")
        if part.name in [part.name for part in stack]:
            raise NameError_(f"{printable(shown, 100)}: {part.name} is in it already when its "
                             "turn comes; name it once, below what stands on it")
        base = series.base(part.folder)
        for below_it in _stack(shown, base, source, (*below, part.name)) if base else []:
            there = [other for other in stack if other.name == below_it.name]
            if there and there[0] != below_it:
                raise NameError_(f"{printable(shown, 100)}: {part.name} stands on {base}, and "
                                 f"another part of {below_it.name} is there")
            if not there:
                stack.append(below_it)
        stack.append(part)
    return stack


def _defined(name: str) -> Source:
    sources = definitions.load()
    if name not in sources:
        raise NameError_(f"{printable(name, 60)}: is not a source; known: "
                         f"{', '.join(sources)}{meant(name, list(sources))}, or a kernel as "
                         "git:PATH@REF, tarball:PATH, dir:PATH, image:PATH")
    return sources[name]


def _folder(name: str, wanted: str, source: Source) -> Path:
    shown = printable(name, 100)
    if "/" in wanted:
        folder = Path(wanted).expanduser().absolute()
        if not (folder / "series").is_file():
            raise NameError_(f"{shown}: {printable(wanted, 80)}: has no file 'series' (the "
                             "patches' names in order, as quilt keeps it)")
        return folder
    folder_or_none = series.find(wanted, source.name)
    if folder_or_none is not None:
        return folder_or_none
    known = series.names()
    if wanted in known:
        raise NameError_(f"{shown}: series {wanted} has no patches for {source.name}; it has for: "
                         f"{', '.join(series.sources_of(wanted))} (to use those all the same, "
                         "give the path of their folder)")
    if wanted == "vanilla":
        raise NameError_(f"{shown}: vanilla is the source without patches; nothing is added to it")
    known = ["vanilla", *known]
    raise NameError_(f"{shown}: {wanted} is not a series; known: {', '.join(known)}"
                     f"{meant(wanted, known)}")
