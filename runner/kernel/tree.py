# SPDX-License-Identifier: GPL-2.0-only
"""One source tree in the cache, and the series that stands in it.

    sources/ID/src          the tree: the source plus the current series
    sources/ID/orig/PATH    what a touched file was before
    sources/ID/state.json   which source, which files are touched
    sources/ID/FLAVOUR      build folder (O=)
    sources/ID/lock         held by whoever changes any of these

Only files whose content differs are written, so that only what depends on
them is compiled again.  Originals are saved and named in the state before the
first file changes; a switch that was cut short is finished by the next one.
"""
from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path

from runner.errors import CannotMeasure, UsageError, printable
from runner.kernel import stage
from runner.kernel.series import Series
from runner.kernel.stage import Content, Overlay


class Tree:
    """Needs the tree's lock for everything."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.src = home / "src"
        self._orig = home / "orig"
        self._state = home / "state.json"
        self.base = ""                          # identity of the source in src, '' if unsure
        self.touched: dict[str, bool] = {}      # path -> was there a file before
        self._load()

    def _load(self) -> None:
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            self.base = str(state["base"])
            self.touched = {str(path): bool(was) for path, was in state["touched"].items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise CannotMeasure(f"{self._state}: is damaged ({printable(str(error), 80)}); remove "
                                f"{self.home} and build again") from None

    def save(self) -> None:
        """Put the state on disk, whole or not at all."""
        state = {"base": self.base, "touched": self.touched}
        write(self._state, Content((json.dumps(state, indent=1) + "\n").encode(), 0o644))

    def forget(self) -> None:
        """The source is about to change: nothing in src can be relied on."""
        self.base = ""
        self.save()

    def accept(self, base: str) -> None:
        """src now holds exactly this source, without any series."""
        self.base, self.touched = base, {}
        self.save()
        shutil.rmtree(self._orig, ignore_errors=True)

    def drop_builds(self) -> None:
        """Remove build folders: for a source whose new files may look older."""
        for entry in self.home.iterdir():
            if entry.is_dir() and entry.name not in ("src", "src.new", "orig", "git"):
                shutil.rmtree(entry)

    def pristine(self, path: str) -> Content | None:
        """A file as the source has it; UsageError where the path leads elsewhere."""
        if path in self.touched:
            before = read(self._orig / path)
            if self.touched[path] and before is None:
                raise CannotMeasure(f"{self._orig / path}: has gone, so the series in "
                                    f"{self.src} cannot be taken back; remove {self.home} and "
                                    "build again")
            return before if self.touched[path] else None
        self._inside(path)
        return read(self.src / path)

    def _inside(self, path: str) -> None:
        """No part of the path may be a link: it could lead out of the tree."""
        place = self.src
        for part in Path(path).parts:
            place = place / part
            try:
                mode = os.lstat(place).st_mode
            except FileNotFoundError:
                return
            if not (stat.S_ISREG(mode) if place == self.src / path else stat.S_ISDIR(mode)):
                raise UsageError(f"{printable(path, 100)}: is not a plain file in the source "
                                 "tree (a link or a folder is in its place); series change plain "
                                 "files alone")

    def plan(self, series: Series) -> Overlay:
        """What the series makes of the files it touches; changes nothing."""
        with tempfile.TemporaryDirectory(prefix="swapscale-series-") as scratch:
            return stage.apply(series, self.pristine, Path(scratch))

    def switch(self, wanted: Overlay) -> list[str]:
        """Make src the source plus `wanted`; the paths that were written or removed."""
        for path in wanted:
            if path not in self.touched:
                before = self.pristine(path)
                if before is not None:
                    write(self._orig / path, before)
        present = {path: self.pristine(path) is not None for path in wanted}
        self.touched = {**present, **self.touched}
        self.save()
        written = []
        for path in self.touched:
            content = wanted[path] if path in wanted else self.pristine(path)
            if self._put(path, content):
                written.append(path)
        left = {path: was for path, was in self.touched.items() if path not in wanted}
        self.touched = {path: was for path, was in self.touched.items() if path in wanted}
        self.save()
        for path in left:
            (self._orig / path).unlink(missing_ok=True)
        return written

    def _put(self, path: str, content: Content | None) -> bool:
        self._inside(path)
        place = self.src / path
        if read(place) == content:
            return False
        if content is None:
            place.unlink()
            for folder in Path(path).parents:
                # Folders the series made go with their last file.
                if folder.name and not any((self.src / folder).iterdir()):
                    (self.src / folder).rmdir()
        else:
            write(place, content)
        return True


def is_kernel(folder: Path) -> bool:
    """Whether a folder looks like the top of a kernel tree."""
    return (folder / "Kbuild").is_file()


def read(place: Path) -> Content | None:
    """A file with its permission bits, None where there is none."""
    try:
        return Content(place.read_bytes(), stat.S_IMODE(place.stat().st_mode))
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(place: Path, content: Content) -> None:
    """Replace a file in one step; after a crash it is the old one or the new."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(place.name + ".swapscale-new")
    with open(fresh, "wb") as file:
        file.write(content.data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(fresh, content.mode)
    os.replace(fresh, place)
