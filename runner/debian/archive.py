# SPDX-License-Identifier: GPL-2.0-only
"""Packages of one of Debian's suites, through an apt of our own.

    debian/SUITE/apt.conf, sources.list, lists/    what apt knows of the suite
    debian/packages/NAME_VERSION/                  a package's files, and package.json

apt reads neither the system's sources nor what is installed, and writes nowhere else.  It trusts
Debian's own keys alone.
"""
from __future__ import annotations

import fcntl
import fnmatch
import functools
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from runner import command, paths
from runner.debian import site
from runner.errors import CannotMeasure, printable
from runner.files import sha256
from runner.progress import Progress

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITE = re.compile(r"[a-z][a-z0-9-]{0,39}")
#: Those that have security updates, which a kernel source's newest version mostly is one of.
_RELEASED = re.compile(r"(?!(?:sid|unstable|experimental|testing)$)[a-z]+")

#: Seconds for which lists are new enough.
FRESH = 3600.0
#: Bytes a second that a download is expected to bring; for its progress alone.
_SPEED = 10e6

_FIELD = re.compile(r"^(Package|Version|SHA256|Size): (\S+)$", re.MULTILINE)
_CONFIGURATION = """\
Dir::State "{home}/state";
Dir::State::lists "{home}/lists";
Dir::State::status "{home}/state/status";
Dir::Cache "{home}/cache";
Dir::Log "{home}/log";
Dir::Etc::sourcelist "{home}/sources.list";
Dir::Etc::sourceparts "{home}/none";
Dir::Etc::preferences "{home}/none/preferences";
Dir::Etc::preferencesparts "{home}/none";
Dir::Etc::parts "{home}/none";
Dir::Etc::main "{home}/none/apt.conf";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages {{ "none"; }};
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
"""


@dataclass(frozen=True)
class Package:
    """One package as a suite's signed lists have it."""

    name: str
    version: str
    sha256: str
    size: int
    suite: str

    def folder(self) -> Path:
        """Where its files lie once fetched; apt's own way to write a version in a file's name."""
        return _home() / "packages" / f"{self.name}_{self.version.replace(':', '%3a')}"


def _home() -> Path:
    return paths.cache() / "debian"


def kept(name: str) -> list[tuple[Package, Path]]:
    """Every version of a package that was fetched before, the latest fetched last; '*' in the
    name stands for anything."""
    fetched = []
    for file in (_home() / "packages").glob(f"{name}_*/package.json"):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            package = Package(**told["package"])
            fetched.append((float(told["fetched"]), package, file.parent))
        except (OSError, ValueError, LookupError, TypeError):
            continue                  # a damaged one is fetched again
    return [(package, folder) for _, package, folder in sorted(fetched, key=lambda each: each[0])
            if fnmatch.fnmatchcase(package.name, name)]


class Archive:
    """One suite: 'bookworm-backports', 'trixie', 'testing', 'sid'."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self._place = _home() / suite
        self._what = f"Debian's {suite}"

    def _apt(self, *argv: str, cwd: Path | None = None) -> str:
        return command.run(list(argv), self._what, "apt", cwd, {
            **site.environment(), "APT_CONFIG": str(self._place / "apt.conf")})

    @contextmanager
    def _held(self) -> Iterator[None]:
        """apt's lists for us alone: apt itself would give up where another runner has them."""
        self._place.mkdir(parents=True, exist_ok=True)
        with open(self._place / "lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _configure(self) -> bool:
        """Write apt's configuration; whether it asks another place than before."""
        if not KEYRING.is_file():
            raise CannotMeasure(f"{self._what}: {KEYRING} is not there, so nothing of it can be "
                                "checked; apt-get install debian-archive-keyring")
        for folder in ("state", "lists/partial", "cache/archives/partial", "log", "none"):
            (self._place / folder).mkdir(parents=True, exist_ok=True)
        (self._place / "state" / "status").touch()
        for name, text in (("apt.conf", _CONFIGURATION.format(home=self._place) + site.ways()),
                           ("sources.list", self._sources())):
            file = self._place / name
            moved = not file.is_file() or file.read_text(encoding="utf-8") != text
            if moved:
                file.write_text(text, encoding="utf-8")
        return moved

    @property
    def _unsecured(self) -> Path:
        """Is there where the suite's security updates could not be had."""
        return self._place / "without-security"

    @functools.cached_property
    def _repositories(self) -> tuple[tuple[str, str], ...]:
        """Where the suite lies, and its security updates where it has any: apt takes more than
        half a second to say what the system has, and is asked once."""
        own = (site.mirror(), self.suite)
        return (own, (site.security(), f"{self.suite}-security")) \
            if _RELEASED.fullmatch(self.suite) else (own,)

    def _sources(self) -> str:
        machine = command.run(["dpkg", "--print-architecture"], "dpkg").strip()
        asked = self._repositories[:1] if self._unsecured.exists() else self._repositories
        return "".join(f"deb [arch={machine} signed-by={KEYRING}] {uri} {suite} main\n"
                       for uri, suite in asked)

    def _update(self, progress: Progress) -> None:
        """apt-get update, without the security updates where they alone cannot be had."""
        if self._unsecured.exists():       # they are asked for again
            self._unsecured.unlink()
            self._configure()
        try:
            self._apt("apt-get", "--quiet", "update")
        except CannotMeasure as error:
            if len(self._repositories) == 1:
                raise
            self._unsecured.touch()
            self._configure()
            self._apt("apt-get", "--quiet", "update")
            progress.warn(f"{error}; {self._what} is taken without its security updates")

    def refresh(self, progress: Progress, fresh: float | None = None) -> None:
        """Ask the mirror for its lists, unless that was done within `fresh` (FRESH) seconds."""
        with self._held():
            stamp = self._place / "refreshed"
            moved = self._configure()
            age = time.time() - stamp.stat().st_mtime if stamp.is_file() else float("inf")
            if not moved and 0 <= age < (FRESH if fresh is None else fresh):
                return
            stamp.unlink(missing_ok=True)
            with progress.step(f"ask for {self._what}", expected=10):
                self._update(progress)
            stamp.touch()

    def newest(self, name: str) -> Package | None:
        """The newest version the suite has, by the lists as they are; None where it has none."""
        with self._held():
            self._configure()
            # Asked by prefix and held against the name: apt takes a name that it does not know
            # for a pattern.
            if name not in self._apt("apt-cache", "pkgnames", name).split():
                return None
            told = dict(_FIELD.findall(
                self._apt("apt-cache", "--no-all-versions", "show", name)))
        try:
            return Package(told["Package"], told["Version"], told["SHA256"], int(told["Size"]),
                           self.suite)
        except LookupError:
            return None

    def names(self, prefix: str) -> list[str]:
        """Packages whose names begin so, by the lists as they are."""
        with self._held():
            self._configure()
            return self._apt("apt-cache", "pkgnames", prefix).split()

    def fetch(self, package: Package, progress: Progress) -> Path:
        """The folder that holds the package's files; fetched, checked and unpacked at most once."""
        final = package.folder()
        if (final / "package.json").is_file():
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=final.parent))
        try:
            with (self._held(),
                  progress.step(f"fetch {package.name} {package.version}",
                                expected=max(1.0, package.size / _SPEED)),
                  tempfile.TemporaryDirectory(prefix="swapscale-", dir=final.parent) as folder):
                self._apt("apt-get", "--quiet", "download", f"{package.name}={package.version}",
                          cwd=Path(folder))
                debs = list(Path(folder).glob("*.deb"))
                if len(debs) != 1 or sha256(debs[0]) != package.sha256:
                    raise CannotMeasure(f"{self._what}: what apt-get fetched is not "
                                        f"{printable(package.name)} {printable(package.version)}")
                command.run(["dpkg-deb", "--extract", str(debs[0]), str(scratch)], self._what)
            note = {"package": asdict(package), "fetched": time.time()}
            (scratch / "package.json").write_text(json.dumps(note) + "\n", encoding="utf-8")
            scratch.chmod(0o755)
            shutil.rmtree(final, ignore_errors=True)   # only ever a damaged one
            try:
                os.rename(scratch, final)
            except OSError:
                if not (final / "package.json").is_file():   # else another runner was faster
                    raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return final
