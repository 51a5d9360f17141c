# SPDX-License-Identifier: GPL-2.0-only
"""What a page takes from a campaign's folder: bounded, printable, nothing from outside it."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from madesamples import exact

from runner.campaign import kernelset
from runner.campaign.campaign import Campaign
from runner.records import BuiltKernel
from runner.report import evidencefiles


@pytest.fixture
def home(tmp_path: Path) -> Campaign:
    made = Campaign(tmp_path / "results")
    made.folder.mkdir()
    for one in exact(1.0, 2.0):
        (made.folder / one.evidence).mkdir(parents=True)
        made.append(one)
    return made


def test_console_is_shown_from_its_end_and_others_from_their_beginning(home: Campaign) -> None:
    folder = home.folder / "evidence/0000"
    (folder / "console.log").write_text("begin\n" + "x\n" * 20000 + "end\n")
    (folder / "workload.stderr").write_text("begin\n" + "x\n" * 20000 + "end\n")
    found, _ = evidencefiles.read(home.folder)
    console, other = found.samples[0].excerpts
    assert console.text.rstrip().endswith("end") and "begin" not in console.text
    assert other.text.startswith("begin") and "end" not in other.text
    assert console.note.startswith(f"the last {evidencefiles.PART:,} of 40,010 bytes")
    assert console.href == "evidence/0000/console.log"


def test_text_is_printable(home: Campaign) -> None:
    said = b"a\x1b[31m\tb\x00\xff\r\nc\xe2\x80\xae"
    (home.folder / "evidence/0000/console.log").write_bytes(said)
    found, _ = evidencefiles.read(home.folder)
    assert found.samples[0].excerpts[0].text == "a\\x1b[31m  b\\x00\ufffd\nc\\u202e"


def test_all_evidence_together_is_bounded(home: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidencefiles, "WHOLE", 1000)
    for number in range(3):
        (home.folder / f"evidence/000{number}/console.log").write_text("x" * 800)
    found, _ = evidencefiles.read(home.folder)
    texts = [one.excerpts[0] for one in found.samples]
    assert [len(one.text) for one in texts] == [400, 200, 0]
    assert "holds enough" in texts[2].note and texts[2].href


def test_nothing_from_outside_the_folder(home: Campaign, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (home.folder / "evidence/0000/console.log").symlink_to(tmp_path / "secret")
    (home.folder / "evidence/0001").rmdir()
    (home.folder / "evidence/0001").symlink_to(tmp_path)
    found, _ = evidencefiles.read(home.folder)
    assert found.samples[0].files == found.samples[1].files == ()


def test_what_cannot_be_read_is_not_there(home: Campaign) -> None:
    folder = home.folder / "evidence/0000"
    (folder / "qemu.json").write_text("{")
    (folder / "flame.svg").write_text("no picture")
    found, samples = evidencefiles.read(home.folder)
    assert len(samples) == 3
    assert found.samples[0].command == "" and found.samples[0].flames == ()
    assert [one.name for one in found.samples[0].files] == ["flame.svg", "qemu.json"]
    home.samples_file.write_text("{")
    assert evidencefiles.read(home.folder) == (replace(found, samples=()), [])


def test_command_line_of_qemu(home: Campaign) -> None:
    (home.folder / "evidence/0000/qemu.json").write_text(json.dumps({"shell": "qemu -x '\x1b'"}))
    found, _ = evidencefiles.read(home.folder)
    assert found.samples[0].command == "qemu -x '\\x1b'"


def test_configurations_are_kept_beside_the_samples(home: Campaign, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image/config").write_text("CONFIG_SWAP=y\n")
    built = BuiltKernel("git:/src/linux@v6.9:x", "perf", "0123456789abcdef", "6.9",
                        tmp_path / "image/bzImage", "0" * 64)
    ready = replace(built, name="image:/boot/vmlinuz", flavour="")
    kernelset.keep_configs(home, {(built.name, "perf"): built, (ready.name, "perf"): ready})
    (kept,) = (home.folder / kernelset.CONFIGS).iterdir()
    assert kept.name == "git-src-linux@v6.9-x-perf-0123456789ab.config"
    found, _ = evidencefiles.read(home.folder)
    assert [one.text for one in found.excerpts] == ["CONFIG_SWAP=y\n"]
