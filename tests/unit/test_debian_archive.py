# SPDX-License-Identifier: GPL-2.0-only
"""Packages of another suite: apt itself, a mirror in a folder, signatures made and broken here."""
from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.debian import archive, site
from runner.debian.archive import Archive
from runner.errors import CannotMeasure
from runner.progress import Progress
from runner.vm import newqemu
from tests.unit.debianmirror import Mirror

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed; "
                                "'setup/install test' adds it")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Mirror(tmp_path / "mirror")
    monkeypatch.setattr(archive, "KEYRING", made.keyring)
    for place in ("mirror", "security"):
        monkeypatch.setattr(site, place, lambda: f"file:{made.root}")
    # This site may hold that a copy past its date will do.
    monkeypatch.setattr(site, "ways", lambda: "")
    return made


def test_newest_version_is_fetched_once_and_kept(mirror: Mirror,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    old = mirror.package("linux-source-7.3", "7.3.4-1", {"usr/src/x": b"old"})
    new = mirror.package("linux-source-7.3", "7.3.10-1", {"usr/src/x": b"new"})
    mirror.publish("sid", new, old)
    sid = Archive("sid")
    sid.refresh(Progress())
    wanted = sid.newest("linux-source-7.3")
    assert wanted is not None and wanted.version == "7.3.10-1"
    folder = sid.fetch(wanted, Progress())
    assert (folder / "usr/src/x").read_bytes() == b"new"
    shutil.rmtree(mirror.root)
    assert sid.fetch(wanted, Progress()) == folder
    assert archive.kept("linux-source-7.3") == [(wanted, folder)]


def test_a_name_is_no_pattern(mirror: Mirror) -> None:
    mirror.publish("trixie", mirror.package("linux-source-6.12", "6.12.1-1", {"x": b""}))
    trixie = Archive("trixie")
    trixie.refresh(Progress())
    assert trixie.newest("linux-source-6.1") is None
    assert trixie.names("linux-source-") == ["linux-source-6.12"]


def test_a_release_comes_with_its_security_updates(mirror: Mirror,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    mirror.publish("bookworm", mirror.package("p", "1", {"x": b"first"}))
    bookworm = Archive("bookworm")
    bookworm.refresh(Progress())
    said = capsys.readouterr().err
    assert "bookworm is taken without its security updates" in said
    assert "Traceback" not in said and bookworm.newest("p").version == "1"  # type: ignore
    mirror.publish("bookworm-security", mirror.package("p", "1.1", {"x": b"mended"}))
    # What could not be had is not asked for again at once.
    bookworm.refresh(Progress())
    assert bookworm.newest("p").version == "1"  # type: ignore[union-attr]
    bookworm.refresh(Progress(), fresh=0)
    wanted = bookworm.newest("p")
    assert wanted is not None and wanted.version == "1.1"
    assert (bookworm.fetch(wanted, Progress()) / "x").read_bytes() == b"mended"
    assert "without" not in capsys.readouterr().err


def test_lists_are_asked_for_again_when_they_are_old(mirror: Mirror) -> None:
    mirror.publish("sid", mirror.package("p", "1", {"x": b""}))
    sid = Archive("sid")
    sid.refresh(Progress())
    mirror.publish("sid", mirror.package("p", "2", {"x": b""}))
    sid.refresh(Progress())
    assert sid.newest("p").version == "1"  # type: ignore[union-attr]
    sid.refresh(Progress(), fresh=0)
    assert sid.newest("p").version == "2"  # type: ignore[union-attr]


@pytest.mark.parametrize("how", ["unsigned", "other key", "out of date", "list changed"])
def test_what_the_key_does_not_vouch_for_is_refused(mirror: Mirror, how: str, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.publish("sid", mirror.package("p", "1", {"x": b""}), sign=how != "unsigned",
                   days=-1 if how == "out of date" else 7)
    if how == "other key":
        monkeypatch.setattr(archive, "KEYRING", Mirror(tmp_path / "other").keyring)
    if how == "list changed":
        for file in mirror.root.glob("dists/sid/main/*/Packages.gz"):
            file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(CannotMeasure, match="Debian's sid: apt-get failed: "):
        Archive("sid").refresh(Progress())


def test_package_that_is_not_the_listed_one(mirror: Mirror) -> None:
    deb = mirror.package("p", "1", {"x": b"good"})
    mirror.publish("sid", deb)
    sid = Archive("sid")
    sid.refresh(Progress())
    wanted = sid.newest("p")
    assert wanted is not None
    data = bytearray(deb.read_bytes())
    data[-20] ^= 1
    deb.write_bytes(data)
    with pytest.raises(CannotMeasure, match="Debian's sid: "):
        sid.fetch(wanted, Progress())
    assert not wanted.folder().exists()
    assert [one.name for one in wanted.folder().parent.iterdir()] == []


def test_no_mirror_and_no_key(mirror: Mirror, monkeypatch: pytest.MonkeyPatch,
                              tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="Debian's sid: apt-get failed: E: "):
        Archive("sid").refresh(Progress())
    monkeypatch.setattr(archive, "KEYRING", tmp_path / "none.gpg")
    with pytest.raises(CannotMeasure, match="apt-get install debian-archive-keyring$"):
        Archive("sid").refresh(Progress())


def test_the_system_is_left_alone(mirror: Mirror) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(one), one.lstat().st_mtime_ns)
                      for folder in ("/etc/apt", "/var/lib/apt/lists", "/var/cache/apt")
                      for one in Path(folder).rglob("*"))

    before = state()
    mirror.publish("sid", mirror.package("p", "1", {"usr/bin/p": b""}))
    sid = Archive("sid")
    sid.refresh(Progress())
    wanted = sid.newest("p")
    assert wanted is not None
    sid.fetch(wanted, Progress())
    assert state() == before
    assert subprocess.run(["dpkg-query", "-W", "p"], capture_output=True,
                          check=False).returncode == 1


def test_ways_are_the_sites_and_trust_is_not(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "apt-config").write_text(
        "#!/bin/sh\nprintf '%s\\n' 'Acquire::http::Proxy \"http://p:3128\";' "
        "'Acquire::Check-Valid-Until \"false\";' 'Acquire::AllowInsecureRepositories \"1\";' "
        "'APT::Get::AllowUnauthenticated \"1\";' 'DPkg::Post-Invoke:: \"rm x\";'\n")
    (programs / "apt-get").write_text(
        "#!/bin/sh\nprintf '%s\\n' 'http://m/security/ bookworm-security' "
        "'cdrom:[x]/ bookworm' 'http://m/debian/ bookworm'\n")
    for one in programs.iterdir():
        one.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(site, "OS_RELEASE", tmp_path / "os-release")
    (tmp_path / "os-release").write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    assert site.ways() == ('Acquire::http::Proxy "http://p:3128";\n'
                           'Acquire::Check-Valid-Until "false";\n')
    assert site.mirror() == "http://m/debian"
    assert site.security() == "http://m/security"
    (tmp_path / "os-release").write_text("VERSION_CODENAME=trixie\n")
    assert site.mirror() == site.FALLBACK
    assert site.security() == f"{site.FALLBACK}-security"


@pytest.fixture
def old_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A system whose QEMU is 7.2."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / newqemu.SYSTEM).write_text("#!/bin/sh\necho QEMU emulator version 7.2.22\n")
    (programs / newqemu.SYSTEM).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(site, "OS_RELEASE", tmp_path / "os-release")
    (tmp_path / "os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    newqemu.lockstep_qemu.cache_clear()
    yield
    newqemu.lockstep_qemu.cache_clear()


def publish_qemu(mirror: Mirror, version: str) -> None:
    program = f"#!/bin/sh\necho 'QEMU emulator version {version} (Debian)'\n".encode()
    deb = mirror.package("qemu-system-x86", f"1-{version}", {"usr/bin/qemu-system-x86_64": program})
    root = mirror.root.parent / "trees" / f"qemu-system-x86_1-{version}"
    (root / "usr/bin/qemu-system-x86_64").chmod(0o755)
    subprocess.run(["dpkg-deb", "--build", str(root), str(deb)], check=True, capture_output=True)
    mirror.publish("bookworm-backports", deb,
                   mirror.package("qemu-system-data", "1", {"usr/share/qemu/a": b""}),
                   mirror.package("seabios", "1", {"usr/share/seabios/b": b""}))


def test_newer_qemu_comes_from_backports(mirror: Mirror, old_system: None) -> None:
    assert newqemu.lack() == ("QEMU 10.0 or newer is not here, so no kernel can be run in lockstep "
                              "on a simulated machine of many CPUs; setup/install bench")
    publish_qemu(mirror, "10.0.2")
    found = newqemu.provide(Progress())
    assert found.version == "10.0.2" and newqemu.lockstep_qemu() == found
    assert [Path(arg).is_dir() for arg in found.args] == [False, True, False, True]
    assert newqemu.lack() == ""


def test_backport_that_is_too_old(mirror: Mirror, old_system: None) -> None:
    publish_qemu(mirror, "8.2.0")
    with pytest.raises(CannotMeasure, match="QEMU 10.0 or newer is not here"):
        newqemu.provide(Progress())


def test_new_system_needs_nothing(mirror: Mirror, old_system: None, tmp_path: Path) -> None:
    program = "#!/bin/sh\necho QEMU emulator version 10.0.13\n"
    (tmp_path / "bin" / newqemu.SYSTEM).write_text(program)
    assert newqemu.provide(Progress()) == newqemu.Qemu(newqemu.SYSTEM, (), "10.0.13")
