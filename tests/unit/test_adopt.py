# SPDX-License-Identifier: GPL-2.0-only
"""What is said of a new version, from boots passed in; the builds are real, of a toy."""
from __future__ import annotations

import dataclasses
import shutil
import tomllib
from pathlib import Path

import pytest
from madesamples import because

from runner import adopt, paths, programs
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.errors import CannotMeasure, UsageError
from runner.experiment.plan import Planned
from runner.kernel import build, versions
from runner.progress import Progress
from runner.records import Accelerator, Metric, Sample
from runner.vm import accel, toollayer

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"
VMSTAT = "pswpout 70000\npswpin 1\npgfree 5\npgmajfault 1\npgscan_kswapd 9\npgsteal_kswapd 9\n" \
    "pgscan_direct 1\npgsteal_direct 1\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toy kernel of version 7.4, where 6.12 is the newest that was looked through."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(programs, "build", lambda progress: None)
    monkeypatch.setattr(programs, "digest", lambda *args: "0" * 64)
    monkeypatch.setattr(accel, "choose", lambda wanted, progress: Accelerator("tcg"))
    monkeypatch.setattr(toollayer, "layer", lambda tools: b"")
    kernels = tmp_path / "kernels"
    monkeypatch.setattr(paths, "KERNELS", kernels)
    (kernels / "config").mkdir(parents=True)
    (kernels / "config/base.config").write_text("CONFIG_SWAP=y\nCONFIG_PROC_SYSCTL=y\n")
    for name in ("perf", "lockstat", "debug", "tools", "devices"):
        (kernels / f"config/{name}.config").write_text(
            f"CONFIG_LOCK_STAT={'y' if name == 'lockstat' else 'n'}\n")
    (kernels / "versions.toml").write_text(
        'format = 1\nseen = ["6.1", "6.12"]\n[counters]\nnames = ["pswpout", "allocstall*"]\n'
        '[locks]\n"6.12" = ["swap_slots", "lru"]\n')
    shutil.copytree(TOY, tmp_path / "toy")
    with open(tmp_path / "toy/options.txt", "a", encoding="utf-8") as file:
        file.write("CONFIG_SYSCTL\n")
    (tmp_path / "toy/Kconfig").write_text('config SYSCTL\n\tbool "sysctl"\n')
    make = (tmp_path / "toy/Makefile").read_text().replace("6.1.0-toy", "7.4.2-toy")
    (tmp_path / "toy/Makefile").write_text(f"VERSION = 7\nPATCHLEVEL = 4\n{make}")
    (kernels / "kernels.toml").write_text('[source.toy]\nkind = "dir"\npath = "../toy"\n')
    return tmp_path


def boots(setting: Setting, todo: list[Planned], campaign: Campaign, progress: Progress
          ) -> list[Sample]:
    """What a guest of 7.4 would have sent: the tree is gone, a lock without a name is there."""
    made = []
    for one in todo:
        folder = campaign.evidence_for(one.number)
        (folder / "steady-end.vmstat").write_text(VMSTAT)
        kernel = next(iter(setting.kernels.values()))
        found = {f"locks.{name}.acquisitions_per_page": Metric(value, "", "lower", "x", doubt)
                 for name, value, doubt in (
                     ("swap_cluster", 5.0, ""), ("lru", 0.3, ""), ("pcs_lock", 0.7, ""),
                     ("xa_xa_lock", 0.2, "swap_cache_tree"), ("swap_path", 5.0, ""),
                     ("other", 0.2, ""), ("zone", 0.01, ""))}
        made.append(Sample(one.number, one.repeat, one.cell, "icount", 1, kernel.key, "s", "ok", "",
                           (), {**found, "pswpout": Metric(70000, "pages", "", "x")},
                           f"evidence/{folder.name}", "2026-01-01T00:00:00+00:00", 1.0,
                           {"cores": "2"}))
        campaign.append(made[-1])
    return made


def test_what_is_new_unnamed_or_gone(home: Path) -> None:
    found, folder = adopt.adopt("toy", home / "results", boots, Progress())
    said = "\n".join(found.lines)
    assert "toy is Linux 7.4.2-toy, not seen before; the newest that was is 6.12" in said
    assert "flavour perf: built; its options are not all the fragments' first choice: " \
        "-PROC_SYSCTL SYSCTL=y" in said
    assert "/proc/vmstat has no allocstall*: figures made of it are nought" in said
    assert "has no pswpout" not in said
    assert "lock pcs_lock, 0.700 times a page: has no name of ours" in said
    assert "lock swap_cluster, 5.000 times a page: new, no version seen had it" in said
    assert "lock xa_xa_lock: is not proven: x may be swap_cache_tree" in said
    assert "lock lru" not in said
    assert "lock swap_slots: gone, or rare now; 6.12 has it" in said
    proposed = {file.name: file.read_text() for file in folder.iterdir()}
    assert tomllib.loads(proposed["versions.toml"]) == {
        "seen": ["7.4"], "locks": {"7.4": ["lru", "pcs_lock", "swap_cluster", "xa_xa_lock"]}}
    assert tomllib.loads(proposed["kernels.toml"])["source"]["7.4"]["path"] == str(home / "toy")
    assert "CONFIG_PROC_SYSCTL=y or CONFIG_SYSCTL=y\n" in proposed["fragments"]
    assert proposed["report.txt"] == said + "\n"


def test_what_it_proposes_is_all_there_is_to_do(home: Path) -> None:
    _, folder = adopt.adopt("toy", home / "results", boots, Progress())
    text = (folder / "fragments").read_text().splitlines()
    (home / "kernels/config/base.config").write_text(f"CONFIG_SWAP=y\n{text[-1]}\n")
    (home / "kernels/versions.toml").write_text("format = 1\n" + (
        folder / "versions.toml").read_text())
    versions.read.cache_clear()
    with open(home / "kernels/kernels.toml", "a", encoding="utf-8") as file:
        file.write((folder / "kernels.toml").read_text())
    assert build.build("7.4:vanilla", "perf", Progress()).options == "-PROC_SYSCTL SYSCTL=y"
    again, _ = adopt.adopt("7.4:vanilla", home / "results", boots, Progress())
    said = "\n".join(again.lines)
    assert "seen before: 7.4 stands in" in said and "new, no version" not in said


def test_flavour_that_does_not_build_is_said_and_the_rest_goes_on(home: Path) -> None:
    (home / "kernels/config/debug.config").write_text("not a line\n")
    found, _ = adopt.adopt("toy", home / "results", boots, Progress())
    assert any(line.startswith("flavour debug: cannot be built: ") for line in found.lines)
    assert any(line.startswith("lock pcs_lock") for line in found.lines)


def test_what_cannot_be_adopted(home: Path) -> None:
    with pytest.raises(UsageError, match="a ready kernel has no flavours to build"):
        adopt.adopt("debian:6.1", home / "results", boots, Progress())
    (home / "kernels/config/base.config").write_text("not a line\n")
    with pytest.raises(CannotMeasure, match="flavour perf: cannot be built: .*flavour debug"):
        adopt.adopt("toy", home / "results", boots, Progress())


def test_boots_that_do_not_count_are_said(home: Path) -> None:
    def spoilt(setting: Setting, todo: list[Planned], campaign: Campaign, progress: Progress
               ) -> list[Sample]:
        made = []
        for one in boots(setting, todo, Campaign(home / "scratch"), progress):
            bad = dataclasses.replace(one, invalid=because("the guest died"))
            campaign.append(bad)
            made.append(bad)
        return made

    (home / "scratch/evidence").mkdir(parents=True)
    found, _ = adopt.adopt("toy", home / "results", spoilt, Progress())
    assert any("does not count: the guest died" in line for line in found.lines)
    assert any(line.startswith("no budget can be proposed: ") for line in found.lines)
