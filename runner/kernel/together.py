# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are compared: built with the same options where all of them can have them.

The fragments' alternatives are decided for each kernel by itself: 6.12 without preemption, 7.3,
which has no such thing any more, with the lazy one.  What such a difference does would be read as
the kernels' own.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner import paths
from runner.kernel import build, fragments, spec, versions
from runner.kernel.fragments import Request
from runner.progress import Progress


def agree(names: Sequence[str], flavour: str, progress: Progress) -> tuple[str, ...]:
    """Of the options' alternatives, those that all these kernels can have ('PREEMPT=y'), for each
    option that they would have in different ways."""
    sources = {name: source for name in names if not (source := spec.parse(name).source).ready}
    if len({(source.kind, source.name, source.ref) for source in sources.values()}) < 2:
        return ()
    apart: list[str] = []
    fits = {name: build.fit(name, flavour, progress) or "" for name in sources}
    for request in fragments.requests(next(iter(sources.values())), flavour):
        first = max((_taken(request, options) for options in fits.values()), default=0)
        if not request.others or len({_taken(request, options) for options in fits.values()}) < 2 \
                or versions.renamed(request.option):
            continue
        # What stands before is what one of them could not have.
        for way in request.ways()[first:]:
            if all(build.fit(name, flavour, progress, (*apart, way.text())) is not None
                   for name in sources):
                apart.append(way.text())
                progress.log(f"all kernels ({flavour}) are built with CONFIG_{way.text()}: not all "
                             f"of them can have CONFIG_{request.text()}")
                break
    return tuple(apart)


def _taken(request: Request, options: str) -> int:
    """Which of the request's alternatives a kernel has."""
    words = options.split()
    return next((number for number, way in enumerate(request.ways()) if way.text() in words), 0)


def told(base: str, test: str) -> Iterable[str]:
    """One clause for each option asked for that two kernels have differently, with what that may
    mean; from BuiltKernel.options."""
    sides = (base.split(), test.split())
    left = set(sides[0]) ^ set(sides[1])
    for request in _alternatives():
        words = {f"-{request.option}", *(way.text() for way in request.ways())}
        if left & words:
            yield (f"{_had(request, sides[0])} against {_had(request, sides[1])}: "
                   f"{_means(request.option)}")
            left -= words
    for option in sorted({word.lstrip("-").partition("=")[0] for word in left}):
        had = [next((f"CONFIG_{word}" if "=" in word else f"no CONFIG_{option}" for word in side
                     if word.lstrip("-").partition("=")[0] == option), "what the fragments ask for")
               for side in sides]
        yield f"CONFIG_{option}: {had[0]} against {had[1]}: {_means(option)}"


def _alternatives() -> list[Request]:
    """All lines of our fragments that hold some."""
    return [request for file in sorted((paths.KERNELS / "config").glob("*.config"))
            for request in fragments.parse(file) if request.others]


def _had(request: Request, words: Sequence[str]) -> str:
    if f"-{request.option}" in words:
        return next((f"CONFIG_{way.text()}" for way in request.ways() if way.text() in words),
                    f"no CONFIG_{request.option}")
    return f"CONFIG_{request.text()}"


def _means(option: str) -> str:
    return versions.means(option) or "what that does to the figures is not known"
