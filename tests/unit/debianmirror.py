# SPDX-License-Identifier: GPL-2.0-only
"""A mirror of Debian's in a folder: real packages, real lists, a signature that apt checks."""
from __future__ import annotations

import gzip
import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path


def _run(*argv: str, home: Path | None = None) -> str:
    env = {"PATH": "/usr/bin:/bin", **({"GNUPGHOME": str(home)} if home else {})}
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=env).stdout


class Mirror:
    """Suites under `folder`/debian, signed with a key whose public half is `keyring`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "debian"
        self.keyring = folder / "keyring.gpg"
        self._home = folder / "gnupg"
        self._home.mkdir(parents=True, mode=0o700)
        _run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "archive <a@b>",
             "ed25519", "sign", home=self._home)
        _run("gpg", "--batch", "--output", str(self.keyring), "--export", home=self._home)
        self._machine = _run("dpkg", "--print-architecture").strip()

    def package(self, name: str, version: str, files: dict[str, bytes]) -> Path:
        """Put a package into the pool."""
        tree = self.root.parent / "trees" / f"{name}_{version}"
        control = (f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
                   "Maintainer: t <t@t>\nDescription: t\n")
        for path, data in {"DEBIAN/control": control.encode(), **files}.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(data)
        deb = self.root / "pool" / f"{name}_{version}_all.deb"
        deb.parent.mkdir(parents=True, exist_ok=True)
        _run("dpkg-deb", "--build", str(tree), str(deb))
        return deb

    def publish(self, suite: str, *debs: Path, sign: bool = True, days: int = 7) -> None:
        """Make these packages the suite's; `days`: until its lists are out of date."""
        folder = self.root / "dists" / suite
        place = folder / "main" / f"binary-{self._machine}"
        place.mkdir(parents=True, exist_ok=True)
        lists = "\n".join(self._stanza(deb) for deb in debs)
        packed = gzip.compress(lists.encode(), mtime=0)
        (place / "Packages.gz").write_bytes(packed)
        now = datetime.now(UTC)
        inside = place.relative_to(folder)
        release = (f"Origin: Debian\nSuite: {suite}\nCodename: {suite}\n"
                   f"Date: {now - timedelta(days=30):%a, %d %b %Y %H:%M:%S UTC}\n"
                   f"Valid-Until: {now + timedelta(days=days):%a, %d %b %Y %H:%M:%S UTC}\n"
                   f"Architectures: {self._machine}\nComponents: main\nSHA256:\n"
                   f" {hashlib.sha256(packed).hexdigest()} {len(packed)} {inside}/Packages.gz\n"
                   f" {hashlib.sha256(lists.encode()).hexdigest()} {len(lists)} "
                   f"{inside}/Packages\n")
        (folder / "InRelease").unlink(missing_ok=True)
        (folder / "Release").write_text(release)
        if sign:
            _run("gpg", "--batch", "--clearsign", "--output", str(folder / "InRelease"),
                 str(folder / "Release"), home=self._home)

    def _stanza(self, deb: Path) -> str:
        data = deb.read_bytes()
        return (_run("dpkg-deb", "--field", str(deb))
                + f"Filename: {deb.relative_to(self.root)}\nSize: {len(data)}\n"
                f"SHA256: {hashlib.sha256(data).hexdigest()}\n")
