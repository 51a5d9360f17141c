# SPDX-License-Identifier: GPL-2.0-only
"""Kernels as Debian ships them: from what apt says to what lies in the cache.

apt's answers are captured ones; the package is a small one that dpkg-deb makes here.
"""
from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.kernel import build, spec, stock
from runner.progress import Progress
from runner.vm import modules

DATA = Path(__file__).parent.parent / "data" / "apt"
RELEASE = "6.1.0-56-amd64"
PACKAGE = f"linux-image-{RELEASE}"


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of apt's programs, first on PATH: they answer from DATA."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    answer(programs, "apt-cache", f'case "$*" in pkgnames*) grep "^$2" {DATA}/pkgnames || true;; '
                                  f"*) cat {tmp_path}/show;; esac")
    (tmp_path / "show").write_text((DATA / "show-6.1.0-56").read_text())
    return programs


def answer(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def packed(tmp_path: Path) -> Path:
    """A package with an image, its configuration and the modules that brd takes."""
    root = tmp_path / "root"
    tree = root / "lib/modules" / RELEASE
    head = bytearray(0x1000)
    head[0x202:0x206], head[0x20E:0x210] = b"HdrS", (0x400).to_bytes(2, "little")
    head[0x600:0x600 + len(RELEASE)] = RELEASE.encode()
    files = {root / f"boot/vmlinuz-{RELEASE}": bytes(head),
             root / f"boot/config-{RELEASE}": b"# CONFIG_LOCK_STAT is not set\n",
             root / "DEBIAN/control": f"Package: {PACKAGE}\nVersion: 6.1.192-2\nArchitecture: "
             "amd64\nMaintainer: t <t@t>\nDescription: t\n".encode(),
             tree / "modules.builtin": b"kernel/virtio_pci.ko\nkernel/virtio_console.ko\n",
             tree / "kernel/brd.ko": b"\0depends=\0"}
    for file, data in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    deb = tmp_path / "made.deb"
    subprocess.run(["dpkg-deb", "--build", str(root), str(deb)], check=True, capture_output=True)
    return deb


def offer(apt: Path, tmp_path: Path, deb: Path) -> None:
    """Let apt have this package."""
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    told = (DATA / "show-6.1.0-56").read_text().splitlines()
    (tmp_path / "show").write_text("\n".join(
        f"SHA256: {digest}" if line.startswith("SHA256:") else line for line in told))
    answer(apt, "apt-get", f'[ "$*" = "--quiet download {PACKAGE}=6.1.192-2" ] && cp {deb} .')


@pytest.mark.parametrize("version, name", [
    ("6.1", "linux-image-6.1.0-56-amd64"), ("6.1.0-50", "linux-image-6.1.0-50-amd64")])
def test_newest_package_of_a_version(apt: Path, version: str, name: str) -> None:
    found = stock.package(spec.parse(f"debian:{version}").source)
    assert (found.name, found.version) == (name, "6.1.192-2")


def test_version_that_apt_does_not_know(apt: Path) -> None:
    with pytest.raises(CannotMeasure, match="debian:6.77: apt knows no package "
                                            "linux-image-6.77…-amd64; 'apt-get update', see"):
        stock.package(spec.parse("debian:6.77").source)


def test_apt_that_says_nothing_of_it(apt: Path, tmp_path: Path) -> None:
    (tmp_path / "show").write_text("Package: x\n")
    with pytest.raises(CannotMeasure, match="debian:6.1: apt does not say where linux-image-6.1.0"):
        stock.package(spec.parse("debian:6.1").source)


def test_fetched_once_and_unpacked(apt: Path, tmp_path: Path) -> None:
    offer(apt, tmp_path, packed(tmp_path))
    assert build.cached("debian:6.1", "perf") is None
    built = build.build("debian:6.1", "perf", Progress())
    assert (built.name, built.release, built.flavour) == ("debian:6.1", RELEASE, "")
    assert built.modules is not None and modules.order(built.modules, "brd") == ["brd"]
    assert (built.image.parent / "config").read_text() == "# CONFIG_LOCK_STAT is not set\n"
    answer(apt, "apt-get", "exit 1")
    assert build.build("debian:6.1", "lockstat", Progress()) == built
    assert build.cached("debian:6.1", "perf") == built
    assert sorted(one.name for one in (tmp_path / "cache/swapscale").iterdir()) == ["images"]


def test_package_that_cannot_be_reached(apt: Path) -> None:
    answer(apt, "apt-get", "echo 'W: unsandboxed' >&2; echo 'E: Failed to fetch it' >&2; exit 100")
    with pytest.raises(CannotMeasure) as error:
        build.build("debian:6.1", "perf", Progress())
    assert str(error.value) == (
        "debian:6.1: apt-get failed: E: Failed to fetch it; 'apt-get update', see that apt has a "
        "source for it and reaches it")


def test_package_that_is_another(apt: Path, tmp_path: Path) -> None:
    deb = packed(tmp_path)
    offer(apt, tmp_path, deb)
    deb.write_bytes(deb.read_bytes() + b"x")
    with pytest.raises(CannotMeasure, match="debian:6.1: what apt-get fetched is not linux-image"):
        build.build("debian:6.1", "perf", Progress())
