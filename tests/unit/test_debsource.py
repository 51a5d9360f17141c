# SPDX-License-Identifier: GPL-2.0-only
"""Kernel sources out of Debian's suites: what is newest, what is kept, what moves."""
from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from runner import paths
from runner.debian import archive, site
from runner.errors import CannotMeasure, UsageError
from runner.kernel import build, debsource, definitions, spec
from runner.nightly import track
from runner.progress import Progress
from tests.unit.debianmirror import Mirror

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed; "
                                "'setup/install test' adds it")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """sid has linux-source-7.3 and, older in spite of its name's order, 7.12-less 6.12."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(definitions, "installed",
                        lambda package: Path(f"/nonexistent/usr/src/{package}.tar.xz"))
    kernels = tmp_path / "kernels"
    monkeypatch.setattr(paths, "KERNELS", kernels)
    (kernels / "config").mkdir(parents=True)
    for name in ("base", "perf", "devices"):
        (kernels / f"config/{name}.config").write_text("CONFIG_SWAP=y\n" if name == "base" else "")
    (kernels / "versions.toml").write_text("format = 1\n")
    (kernels / "kernels.toml").write_text(
        '[source."7.3"]\nkind = "debian"\npackage = "linux-source-7.3"\nsuite = "sid"\n'
        '[source.newest]\nkind = "debian"\nsuite = "sid"\n')
    made = Mirror(tmp_path / "mirror")
    monkeypatch.setattr(archive, "KEYRING", made.keyring)
    monkeypatch.setattr(archive, "FRESH", 0.0)
    for place in ("mirror", "security"):
        monkeypatch.setattr(site, place, lambda: f"file:{made.root}")
    monkeypatch.setattr(site, "ways", lambda: "")
    return made


def publish(mirror: Mirror, *packages: tuple[str, str]) -> None:
    """Each holds the toy tree, with its version in a file."""
    debs = []
    for name, version in packages:
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:xz") as tar:
            tar.add(TOY, arcname="linux")
            told = tarfile.TarInfo("linux/mm/version.c")
            text = f'const char version[] = "{version}";\n'.encode()
            told.size = len(text)
            tar.addfile(told, io.BytesIO(text))
        debs.append(mirror.package(name, version,
                                   {f"nonexistent/usr/src/{name}.tar.xz": data.getvalue()}))
    mirror.publish("sid", *debs)


def test_named_source_is_fetched_once_and_moves_when_told(mirror: Mirror) -> None:
    publish(mirror, ("linux-source-7.3", "7.3.4-1"))
    assert build.cached("7.3", "perf") is None
    first = build.build("7.3", "perf", Progress())
    assert first.package == "linux-source-7.3 7.3.4-1"
    publish(mirror, ("linux-source-7.3", "7.3.5-1"))
    assert build.build("7.3", "perf", Progress()) == first
    track.fetch("7.3:vanilla", Progress(), move=False)
    assert build.build("7.3", "perf", Progress()) == first
    track.fetch("7.3:vanilla", Progress(), move=True)
    assert build.build("7.3", "perf", Progress()).package == "linux-source-7.3 7.3.5-1"


@pytest.mark.parametrize("name", ["debian:sid", "newest"])
def test_source_that_is_the_newest(mirror: Mirror, name: str) -> None:
    publish(mirror, ("linux-source-7.9", "7.9.1-1"))
    old = build.build(name, "perf", Progress())
    publish(mirror, ("linux-source-7.9", "7.9.1-1"), ("linux-source-7.10", "7.10.1-1"),
            ("linux-source", "9"))
    new = build.build(name, "perf", Progress())
    assert (old.package, new.package) == ("linux-source-7.9 7.9.1-1", "linux-source-7.10 7.10.1-1")
    assert old.key != new.key
    # Gone from the archive, and the archive gone: what was kept still builds, and is said.
    shutil.rmtree(mirror.root)
    assert build.build(name, "perf", Progress()).key == new.key
    kept = build.build(f"{name}@7.9.1-1", "perf", Progress())
    assert kept.image_sha256 == old.image_sha256
    with pytest.raises(UsageError, match="no source of that version or SHA-256 is kept"):
        spec.parse(f"{name}@7.8-1")


def test_archive_that_cannot_be_reached(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CannotMeasure, match="kernel debian:sid: Debian's sid: apt-get failed: E: "):
        build.build("debian:sid", "perf", Progress())
    publish(mirror, ("linux-source-7.3", "7.3.4-1"))
    build.build("debian:sid", "perf", Progress())
    shutil.rmtree(mirror.root)
    build.build("debian:sid", "perf", Progress())
    assert "linux-source-7.3 7.3.4-1, fetched before, is taken" in capsys.readouterr().err


def test_suite_without_a_kernel_source(mirror: Mirror) -> None:
    mirror.publish("sid", mirror.package("hello", "1", {"x": b""}))
    with pytest.raises(CannotMeasure, match="Debian's sid has no linux-source$"):
        build.build("debian:sid", "perf", Progress())
    with pytest.raises(CannotMeasure, match="Debian's sid has no linux-source-7.3$"):
        build.build("7.3", "perf", Progress())


def test_night_pins_what_the_suite_had(mirror: Mirror) -> None:
    publish(mirror, ("linux-source-7.3", "7.3.4-1"))
    track.fetch("debian:sid", Progress(), move=True)
    first = track.tip("debian:sid")
    track.keep(first)
    assert first.pinned == f"debian:sid@{first.source}:vanilla"
    publish(mirror, ("linux-source-7.4", "7.4-1"))
    track.fetch("debian:sid", Progress(), move=True)
    assert track.tip("debian:sid").identity != first.identity
    assert spec.parse(first.pinned).source.path == definitions.kept(first.source)


def test_backports_are_the_stable_releases() -> None:
    source = spec.parse("debian:backports:vanilla").source
    assert (source.suite, source.follows) == ("stable-backports", True)
    for wrong in ("debian:Sid", "debian:x_y", "debian:"):
        with pytest.raises(UsageError):
            spec.parse(wrong)


def test_source_of_the_release_that_is_not_installed(mirror: Mirror) -> None:
    (paths.KERNELS / "kernels.toml").write_text(
        '[source.a]\nkind = "debian"\npackage = "linux-source-6.1"\n')
    with pytest.raises(CannotMeasure, match="is not there; apt-get install linux-source-6.1$"):
        debsource.place(spec.parse("a").source)
