# SPDX-License-Identifier: GPL-2.0-only
"""From a kernel's name to an image: out of the cache, or built into it."""
from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runner import paths
from runner.errors import CannotMeasure, SwapscaleError, UsageError, printable
from runner.files import sha256
from runner.kernel import (cache, debsource, definitions, folder, fragments, git, image, kbuild,
                           series, spec, stock, tarball, toolchain)
from runner.kernel.definitions import Source
from runner.kernel.fragments import Request
from runner.kernel.series import Series
from runner.kernel.spec import Spec
from runner.kernel.stage import Content
from runner.kernel.tree import Tree, write
from runner.metrics import lockkeys
from runner.progress import Progress
from runner.records import FLAVOURS, BuiltKernel, plain

#: Raise it when the way of building changes what comes out: old images are
#: then built again.
RECIPE = 1

_KINDS = {"debian": tarball, "tarball": tarball, "git": git, "dir": folder}


@dataclass(frozen=True)
class Recipe:
    """All that one image is made of."""

    spec: Spec
    flavour: str
    base: str                 # identity of the source
    series: Series
    wanted: list[Request]
    agreed: tuple[str, ...]   # of the options' alternatives, those to take

    @property
    def folder(self) -> str:
        """Its build folder: another configuration compiles everything again.

        No '=' in it: objtool has make build 'FOLDER/.../libsubcmd.a', and make takes a goal with
        one for a variable, so that the library is not there to be linked.
        """
        return "+".join((self.flavour, *self.agreed)).replace("=", "-")

    def told(self) -> dict[str, Any]:
        """What shapes the image, and so its key."""
        source = self.spec.source
        told = {"recipe": RECIPE, "source": self.base, "series": self.series.digest(),
                "config": fragments.digest(self.wanted), "flavour": self.flavour,
                "make": source.make, "cc": source.cc,
                "toolchain": toolchain.versions(source.cc)}
        return told | {"lock_keys": lockkeys.FORMAT} if self.has_keys else told

    @property
    def has_keys(self) -> bool:
        return plain(self.flavour) == "lockstat"


def _recipe(wanted: Spec, flavour: str, agreed: Sequence[str] = ()) -> Recipe:
    source = wanted.source
    return Recipe(wanted, flavour, _KINDS[source.kind].identity(source), series.load(wanted.stack),
                  fragments.agreed(fragments.requests(source, flavour), agreed),
                  tuple(sorted(agreed)))


def _checked(flavour: str) -> None:
    if plain(flavour) not in FLAVOURS:
        raise UsageError(f"{printable(flavour, 40)}: is not a flavour; one of "
                         f"{', '.join(FLAVOURS)}")


def config_digest(name: str, flavour: str) -> str:
    """Digest of the options asked for; '' for a ready image, whose options nobody knows."""
    source = spec.parse(name).source
    return "" if source.ready else fragments.digest(fragments.requests(source, flavour))


def cached(name: str, flavour: str, agreed: Sequence[str] = ()) -> BuiltKernel | None:
    """The image if it is in the cache; runs no make.  UsageError for a bad name."""
    _checked(flavour)
    wanted = spec.parse(name)
    if wanted.source.kind == "image":
        return image.find(wanted.source, name, keep=False)
    if wanted.source.kind == "stock":
        return stock.find(wanted.source, name)
    try:
        return cache.look_up(cache.key(_recipe(wanted, flavour, agreed).told()), name)
    except debsource.NotFetched:
        return None


def build(name: str, flavour: str, progress: Progress, agreed: Sequence[str] = ()) -> BuiltKernel:
    """The image, built first if need be.

    `agreed`: of the alternatives that its options have, those to take ('PREEMPT=y').
    UsageError: name, definition, series or config fragment is wrong.
    CannotMeasure: the source is missing or does not compile.
    """
    _checked(flavour)
    wanted = spec.parse(name)
    if wanted.source.kind == "image":
        ready = image.find(wanted.source, name, keep=True)
        assert ready is not None
        return ready
    if wanted.source.kind == "stock":
        return stock.fetch(wanted.source, name, progress)
    if wanted.source.kind == "debian":
        debsource.obtain(wanted.source, progress)
    recipe = _recipe(wanted, flavour, agreed)
    key = cache.key(recipe.told())
    built = cache.look_up(key, name)
    if built is not None:
        return built
    home = paths.cache() / "sources" / wanted.source.tree_id()
    with cache.lock(home, f"{name} ({flavour})", progress) as lock:
        if lock.waited:
            recipe = _recipe(wanted, flavour, agreed)
            key = cache.key(recipe.told())
            built = cache.look_up(key, name)
        if built is None:
            _make(recipe, key, Tree(home), lock.fd, progress)
            built = cache.look_up(key, name)
    if built is None:
        raise CannotMeasure(f"{name}: the image does not read back from {paths.cache()}; check the "
                            "disk")
    return built


def fit(name: str, flavour: str, progress: Progress, agreed: Sequence[str] = ()) -> str | None:
    """How the options it gets differ from the fragments' first choices, as BuiltKernel.options;
    None where it cannot have those agreed on.  Configured if need be, not compiled."""
    wanted = spec.parse(name)
    if wanted.source.kind == "debian":
        debsource.obtain(wanted.source, progress)
    recipe = _recipe(wanted, flavour, agreed)
    key = cache.key(recipe.told())
    note = paths.cache() / "fits" / f"{key}.json"
    if built := cache.look_up(key, name):
        return built.options
    try:
        told = json.loads(note.read_text(encoding="utf-8"))["options"]
        return None if told is None else str(told)
    except (OSError, ValueError, LookupError, TypeError):
        pass                          # not tried yet
    tree = Tree(paths.cache() / "sources" / wanted.source.tree_id())
    with cache.lock(tree.home, f"{name} ({flavour})", progress) as lock:
        tree = Tree(tree.home)
        _stand(recipe, tree, progress)
        options: str | None = None
        try:
            got = kbuild.configure(wanted.source, tree.src, tree.home / "fit",
                                   tree.home / "fit.log", recipe.wanted, f"{name} ({flavour})",
                                   lock.fd, progress)
            if {request.text() for request in got} >= set(agreed):
                options = fragments.plainly(wanted.source, flavour, got)
        except UsageError:
            if not agreed:
                raise
    write(note, Content((json.dumps({"options": options}) + "\n").encode(), 0o644))
    return options


def _stand(recipe: Recipe, tree: Tree, progress: Progress) -> None:
    """Make the tree hold the recipe's source and series."""
    source = recipe.spec.source
    if tree.base != recipe.base or not tree.src.is_dir():
        if tree.base:
            tree.switch({})
        kind = _KINDS[source.kind]
        kind.fetch(source, tree, progress)
        if kind.identity(source) != recipe.base:
            tree.forget()
            raise CannotMeasure(f"{source.path}: changed while the build began; try again")
        tree.accept(recipe.base)
    try:
        wanted = tree.plan(recipe.series)
    except UsageError as error:
        if source.kind != "debian":
            raise
        raise UsageError(f"{error}, {debsource.version(source)}, or {debsource.renew(source)}"
                         ) from None
    tree.switch(wanted)


def _make(recipe: Recipe, key: str, tree: Tree, lock: int, progress: Progress) -> None:
    source, label = recipe.spec.source, f"{recipe.spec.name} ({recipe.flavour})"
    started = time.monotonic()
    _stand(recipe, tree, progress)
    out = tree.home / recipe.folder
    log = tree.home / f"{recipe.folder}.log"
    got = kbuild.bzimage(source, tree.src, out, log, recipe.wanted, label, lock, progress)
    files = {"bzImage": out / "arch/x86/boot/bzImage", "config": out / ".config",
             "System.map": out / "System.map", "build.log": log}
    if recipe.has_keys:
        files[lockkeys.KEYS_FILE] = out / lockkeys.KEYS_FILE
        lockkeys.write(out / "vmlinux", files[lockkeys.KEYS_FILE])
    patches = [{"series": patch.series, "patch": patch.name,
                "files": [diff.path for diff in patch.files]}
               for patch in recipe.series.patches]
    told = {"name": recipe.spec.name, "flavour": recipe.flavour,
            "release": (out / "include/config/kernel.release").read_text("utf-8").strip(),
            "image_sha256": sha256(files["bzImage"]), "modules": "",
            "source": {"kind": source.kind, "path": str(source.path), "ref": source.ref},
            "package": debsource.version(source) if source.kind == "debian" else "",
            "options": fragments.plainly(source, recipe.flavour, got),
            "patches": patches, "made_of": recipe.told(),
            "built": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started, 1)}
    cache.store(key, files, json.loads(json.dumps(told)))


@dataclass(frozen=True)
class Known:
    """One kernel and flavour that kernels.toml and kernels/series offer."""

    name: str
    flavour: str              # '' for a ready image
    description: str
    cached: bool
    problem: str              # one line: why it cannot be built here, '' if it can

    def line(self) -> str:
        """For people."""
        state = self.problem or ("in the cache" if self.cached else "not built")
        title = f"{self.name} {self.flavour}".rstrip()
        return f"{title:<28} {state}{'; ' + self.description if self.description else ''}"

    def as_data(self) -> dict[str, Any]:
        """For --json."""
        return {"kernel": self.name, "flavour": self.flavour, "description": self.description,
                "cached": self.cached, "problem": self.problem}


def names() -> list[Known]:
    """Every source with every series that has patches for it, in every flavour."""
    every = []
    for source in definitions.load().values():
        patched = [] if source.kind == "image" else [
            name for name in series.names() if series.find(name, source.name) is not None]
        for own in ["vanilla", *patched]:
            told = source.description if own == "vanilla" else series.description(own)
            name = source.name if source.kind == "image" else f"{source.name}:{own}"
            for flavour in ("",) if source.kind == "image" else FLAVOURS:
                every.append(_known(name, flavour, told, source))
    for version in stock.OFFERED:
        ready = spec.parse(f"debian:{version}").source
        every.append(_known(ready.name, "", "as Debian ships it, nothing is built", ready))
    return every


def _known(name: str, flavour: str, description: str, source: Source) -> Known:
    try:
        hit = cached(name, flavour or FLAVOURS[0]) is not None
    except SwapscaleError as error:
        return Known(name, flavour, description, False, str(error))
    return Known(name, flavour, description, hit, "")
