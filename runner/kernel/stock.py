# SPDX-License-Identifier: GPL-2.0-only
"""Source 'debian:VERSION': a kernel as Debian ships it, fetched and unpacked, never installed.

The newest package of that version which apt knows; what was fetched is kept by the package's
checksum, so a campaign's kernel stays what it was when Debian moves on.
"""
from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runner import command, paths
from runner.errors import CannotMeasure
from runner.files import sha256
from runner.kernel import cache, image
from runner.kernel.definitions import Source
from runner.progress import Progress
from runner.records import BuiltKernel
from runner.vm import modules

#: What 'kernel list' and 'doctor' show; any other version that apt knows does as well.
OFFERED = ("6.1", "6.12")

_PARTS = re.compile(r"\d+|\D+")
_FIELD = re.compile(r"^(Version|SHA256): (\S+)$", re.MULTILINE)
_MEND = "'apt-get update', see that apt has a source for it and reaches it"


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    sha256: str

    def key(self) -> str:
        return cache.key({"kind": "stock", "package": self.name, "version": self.version,
                          "sha256": self.sha256})


def _newest(names: list[str]) -> str:
    """By their numbers: 6.1.0-9 is older than 6.1.0-56."""
    return max(names, key=lambda name: [(part.isdigit(), int(part) if part.isdigit() else 0, part)
                                        for part in _PARTS.findall(name)])


def package(source: Source) -> Package:
    """The package that such a source means today; CannotMeasure where apt knows none."""
    form = re.compile(rf"linux-image-{re.escape(source.ref)}(?:[.+-]\d[0-9A-Za-z.+~]*)*-amd64")
    known = command.run(["apt-cache", "pkgnames", f"linux-image-{source.ref}"], source.name, "apt")
    names = [name for name in known.split() if form.fullmatch(name)]
    if not names:
        raise CannotMeasure(f"{source.name}: apt knows no package linux-image-{source.ref}…-amd64; "
                            f"{_MEND}")
    name = _newest(names)
    told = dict(_FIELD.findall(command.run(["apt-cache", "--no-all-versions", "show", name],
                                           source.name, "apt")))
    try:
        return Package(name, told["Version"], told["SHA256"])
    except KeyError:
        raise CannotMeasure(f"{source.name}: apt does not say where {name} is; {_MEND}") from None


def find(source: Source, name: str) -> BuiltKernel | None:
    """The kernel out of the cache."""
    return cache.look_up(package(source).key(), name)


def fetch(source: Source, name: str, progress: Progress) -> BuiltKernel:
    """The kernel, fetched first where it is not in the cache."""
    wanted = package(source)
    built = cache.look_up(wanted.key(), name)
    if built is not None:
        return built
    with tempfile.TemporaryDirectory(prefix="stock-", dir=paths.cache()) as scratch:
        folder = Path(scratch)
        with progress.step(f"fetch {wanted.name}", expected=10):
            deb = _download(source, wanted, folder)
        with progress.step(f"unpack {wanted.name}", expected=15):
            command.run(["dpkg-deb", "--extract", str(deb), str(folder / "root")], source.name,
                        "dpkg")
            _keep(source, wanted, folder / "root", name)
    built = cache.look_up(wanted.key(), name)
    if built is None:
        raise CannotMeasure(f"{source.name}: the image does not read back from {paths.cache()}; "
                            "check the disk")
    return built


def _download(source: Source, wanted: Package, folder: Path) -> Path:
    try:
        command.run(["apt-get", "--quiet", "download", f"{wanted.name}={wanted.version}"],
                    source.name, "apt", folder)
    except CannotMeasure as error:
        raise CannotMeasure(f"{error}; {_MEND}") from None
    files = list(folder.glob("*.deb"))
    if len(files) != 1 or sha256(files[0]) != wanted.sha256:
        raise CannotMeasure(f"{source.name}: what apt-get fetched is not {wanted.name} "
                            f"{wanted.version}; {_MEND}")
    return files[0]


def _keep(source: Source, wanted: Package, root: Path, name: str) -> None:
    """Of what was unpacked: the image, its configuration, and the modules that guests load."""
    images = list(root.glob("boot/vmlinuz-*"))
    if len(images) != 1:
        raise CannotMeasure(f"{source.name}: {wanted.name} holds no kernel image")
    release = image.release(images[0])
    tree = next((place for lib in ("lib", "usr/lib")
                 if (place := root / lib / "modules" / release).is_dir()), root)
    cache.store(wanted.key(), {
        "bzImage": images[0], "config": root / f"boot/config-{release}",
        **{f"modules/{file}": data for file, data in modules.collect(tree).items()}},
        {"name": name, "flavour": "", "release": release,
         "image_sha256": sha256(images[0]), "modules": "modules",
         "source": {"kind": "debian", "package": wanted.name, "version": wanted.version,
                    "sha256": wanted.sha256}})
