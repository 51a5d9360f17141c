# SPDX-License-Identifier: GPL-2.0-only
"""Where kernel source comes from: kernels.toml, ours and the user's."""
from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from runner import paths, tomlfile
from runner.debian import archive
from runner.tomlfile import Table

KINDS = ("debian", "tarball", "git", "dir", "image")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
#: What a git ref may look like here: never an option, never two paths.
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/^~+-]{0,199}")

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+")
_OPTION = re.compile(r"(?:CONFIG_)?([A-Za-z0-9_]+)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
#: Variables the build sets itself: what it promises rests on them.
_OURS = ("ARCH", "CC", "KBUILD_BUILD_HOST", "KBUILD_BUILD_TIMESTAMP", "KBUILD_BUILD_USER",
         "KBUILD_BUILD_VERSION", "KBUILD_OUTPUT", "LOCALVERSION", "M", "MAKEFLAGS", "O", "SHELL")


@dataclass(frozen=True)
class Source:
    """One source of kernels, as defined in a file or described in a kernel's name."""

    name: str
    kind: str                                  # one of KINDS, or 'stock': debian:VERSION
    path: Path                                 # tarball, repository, folder or image
    ref: str = ""                              # git; stock: the version
    package: str = ""                          # debian; '': the newest linux-source of `suite`
    suite: str = ""                            # debian: where it is fetched from
    modules: Path | None = None                # image
    cc: str = "gcc"
    make: tuple[tuple[str, str], ...] = ()     # sorted
    fragments: tuple[Path, ...] = ()
    without: tuple[str, ...] = ()              # options of the base config, no CONFIG_
    description: str = ""

    @property
    def ready(self) -> bool:
        """Whether somebody else built it, so that nothing is to be built and no flavour asked."""
        return self.kind in ("image", "stock")

    @property
    def follows(self) -> bool:
        """Whether it is whatever kernel source a suite of Debian's has now."""
        return self.kind == "debian" and not self.package

    def tree_id(self) -> str:
        """Names this source's folder in the cache; stable, because build paths
        are baked into object files.  One per place, whatever the git ref."""
        place = f"{self.kind} {self.suite if self.follows else self.path.resolve()}"
        label = re.sub(r"[^A-Za-z0-9._+-]", "_", self.package or self.suite or self.path.name)[:40]
        return f"{label}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def installed(package: str) -> Path:
    """Where apt-get install puts the tarball of a linux-source package."""
    return Path("/usr/src") / f"{package}.tar.xz"


def kept(digest: str) -> Path:
    """Where the cache keeps a source tarball of this SHA-256 when its package moves on."""
    return paths.cache() / "kept" / f"{digest}.tar.xz"


def files() -> list[Path]:
    """kernels.toml of the checkout, then the user's if there is one."""
    own = paths.config() / "kernels.toml"
    return [paths.KERNELS / "kernels.toml", *([own] if own.is_file() else [])]


def where_to_say(source: Source) -> str:
    """Where a source's 'fragments' and 'without' stand, or are to be written."""
    own = paths.config() / "kernels.toml"
    for file in reversed(files()):
        if source.name in tomlfile.load(file).table("source").keys():
            return f"Say so in [source.\"{source.name}\"] of {file}"
    key = {"git": "tree", "debian": "suite"}.get(source.kind, "path")
    place = source.suite if source.kind == "debian" else source.path
    return (f"Say so in {own}, which holds for this place however it is named: [source.mine] "
            f"kind = \"{source.kind}\" {key} = \"{place}\"")


def like(source: Source) -> Source:
    """A source described in a kernel's name, with the compiler, make variables and options of the
    defined one that stands at the same place."""
    for defined in load().values():
        if defined.kind == source.kind and defined.suite == source.suite \
                and defined.follows == source.follows \
                and defined.path.resolve() == source.path.resolve():
            return dataclasses.replace(source, cc=defined.cc, make=defined.make,
                                       fragments=defined.fragments,
                                       without=defined.without)
    return source


def load() -> dict[str, Source]:
    """All defined sources by name; the user's file wins over ours.

    UsageError with file, line and key for everything that is not right.
    """
    sources: dict[str, Source] = {}
    for file in files():
        root = tomlfile.load(file)
        table = root.table("source")
        for name in table.keys():
            if not NAME.fullmatch(name) or name in KINDS:
                table.complain(name, "is not a name for a source: letters, digits and ._+-, "
                               f"at most 64, and none of {', '.join(KINDS)}")
            sources[name] = _source(table.table(name), name)
        root.close()
    return sources


def _place(table: Table, key: str, default: str | None = None) -> Path:
    """A path, relative to the file it stands in."""
    text = table.text(key, tomlfile.REQUIRED if default is None else default)
    return table.file.parent / Path(text).expanduser()


def _source(table: Table, name: str) -> Source:
    kind = table.text("kind", tomlfile.REQUIRED, KINDS)
    description = table.text("description", "")
    if kind == "image":
        image = Source(name, kind, _place(table, "image"), description=description,
                       modules=_place(table, "modules") if "modules" in table.keys() else None)
        table.close()
        return image
    package = ref = suite = ""
    if kind == "debian":
        suite = table.text("suite", "")
        package = table.text("package", "" if suite else tomlfile.REQUIRED)
        if package and not _PACKAGE.fullmatch(package):
            table.complain("package", f"{package!r} is not the name of a Debian package")
        if suite and not archive.SUITE.fullmatch(suite):
            table.complain("suite", f"{suite!r} is not a suite of Debian's, such as sid, testing "
                                    "or trixie-backports")
        path = installed(package)
    elif kind == "git":
        path = _place(table, "tree")
        ref = table.text("ref", "HEAD")
        if not REF.fullmatch(ref):
            table.complain("ref", f"{ref!r} is not a branch, tag or commit")
    else:
        path = _place(table, "path")
    source = Source(
        name, kind, path, ref, package, suite, cc=table.text("cc", "gcc"), make=_make(table),
        fragments=tuple(table.file.parent / Path(text).expanduser()
                        for text in table.texts("fragments", [])),
        without=_options(table), description=description)
    table.close()
    return source


def _make(table: Table) -> tuple[tuple[str, str], ...]:
    variables = table.table("make")
    for key in variables.keys():
        if not _VARIABLE.fullmatch(key) or key in _OURS:
            variables.complain(key, "is not a make variable to set here; any in capital letters "
                               f"but {', '.join(_OURS)}")
    return tuple(sorted((key, variables.text(key)) for key in variables.keys()))


def _options(table: Table) -> tuple[str, ...]:
    options = []
    for text in table.texts("without", []):
        match = _OPTION.fullmatch(text)
        if match is None:
            table.complain("without", f"{text!r} is not the name of an option")
        options.append(match[1])
    return tuple(options)
