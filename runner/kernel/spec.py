# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's name: what it means, or one line about what is wrong with it.

    SOURCE[:SERIES]            6.1:vanilla, 6.12:batch-add, 6.1:./my/series
    git:PATH[@REF][:SERIES]    git:/src/linux@v6.9
    tarball:PATH[:SERIES]      tarball:/src/linux-6.6.tar.xz
    dir:PATH[:SERIES]          dir:/src/linux
    image:PATH                 image:/boot/vmlinuz-6.1.0-30-amd64
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError, printable
from runner.kernel import definitions, series
from runner.kernel.definitions import NAME, REF, Source
from runner.tomlfile import meant

FORMS = ("SOURCE[:SERIES], git:PATH[@REF][:SERIES], tarball:PATH[:SERIES], dir:PATH[:SERIES] "
         "or image:PATH")
_INLINE = ("git", "tarball", "dir", "image")


class NameError_(UsageError):
    """A kernel's name that means nothing here; the message is one line."""


@dataclass(frozen=True)
class Spec:
    """What a kernel's name stands for."""

    name: str                 # as the user wrote it
    source: Source
    series: str               # 'vanilla', another name, or a path with '/'
    folder: Path | None       # of the series; None: vanilla


@dataclass(frozen=True)
class Words:
    """A name taken apart, nothing looked up yet."""

    kind: str                 # one of the inline kinds, '' for a defined source
    place: str                # path, or the source's name
    ref: str
    series: str


def split(name: str) -> Words:
    """Take a name apart by its grammar; NameError_ where it has none."""
    shown = printable(name, 100)
    if not name or not name.isprintable() or name != name.strip():
        raise NameError_(f"{shown!r} is not a kernel; a kernel is {FORMS}")
    head, colon, rest = name.partition(":")
    kind = head if colon and head in _INLINE else ""
    if kind == "image":
        place, rest = rest, "vanilla"
    elif kind:
        place, colon, rest = rest.partition(":")
    else:
        place = head
    if colon and not rest:
        raise NameError_(f"{shown}: nothing stands after the last ':'; leave it away or name "
                         "a series")
    ref = ""
    if kind == "git" and "@" in place:
        place, _, ref = place.rpartition("@")
        if not REF.fullmatch(ref):
            raise NameError_(f"{shown}: {printable(ref, 60)!r} is not a branch, tag or commit")
    if not place:
        raise NameError_(f"{shown}: names no {'path' if kind else 'source'}; a kernel is {FORMS}")
    patches = rest if colon or kind == "image" else "vanilla"
    if "/" not in patches and not NAME.fullmatch(patches):
        raise NameError_(f"{shown}: {printable(patches, 60)!r} is not a series: a name of "
                         "kernels/series, or the path of a folder with '/' in it")
    return Words(kind, place, ref or ("HEAD" if kind == "git" else ""), patches)


def parse(name: str) -> Spec:
    """The source and series a name stands for.

    NameError_ where the name means nothing; nothing of the source is read.
    """
    words = split(name)
    if words.kind:
        path = Path(words.place).expanduser().absolute()
        source = Source(f"{words.kind}:{words.place}", words.kind, path, words.ref)
    else:
        source = _defined(words.place)
    if source.kind == "image" and words.series != "vanilla":
        raise NameError_(f"{printable(name, 100)}: a ready image takes no series")
    return Spec(name, source, words.series, _folder(name, words.series, source))


def _defined(name: str) -> Source:
    sources = definitions.load()
    if name not in sources:
        raise NameError_(f"{printable(name, 60)}: is not a source; known: "
                         f"{', '.join(sources)}{meant(name, list(sources))}, or a kernel as "
                         "git:PATH@REF, tarball:PATH, dir:PATH, image:PATH")
    return sources[name]


def _folder(name: str, wanted: str, source: Source) -> Path | None:
    if wanted == "vanilla":
        return None
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
    known = ["vanilla", *known]
    raise NameError_(f"{shown}: {wanted} is not a series; known: {', '.join(known)}"
                     f"{meant(wanted, known)}")
