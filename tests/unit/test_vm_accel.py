# SPDX-License-Identifier: GPL-2.0-only
"""The accelerator probe, on the real QEMU of this host."""
from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from runner.errors import CannotMeasure, UsageError
from runner.progress import Progress
from runner.records import Accelerator
from runner.vm import accel, machine
from runner.vm.flat import assemble


class Heard(Progress):
    """Keeps what a user would be told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "swapscale" / "accelerator.json"


@pytest.mark.parametrize("accelerator", [Accelerator.TCG, Accelerator.ICOUNT])
def test_the_probe_guest_is_right(accelerator: Accelerator) -> None:
    # Emulation runs everything the guest asks for, so a "no" here is the guest's fault.
    assert accel.probe(machine.read(), accelerator, seconds=60) == accel.Answer(True)


def test_a_guest_that_hangs_is_a_no_with_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    guests = Path(__file__).parent.parent / "data" / "guests"
    monkeypatch.setattr(accel, "_SOURCE", guests / "hang.s")
    answer = accel.probe(machine.read(), Accelerator.TCG, seconds=1)
    assert not answer.works and "hangs at protected mode" in answer.reason
    monkeypatch.setattr(accel, "_SOURCE", guests / "reset.s")
    answer = accel.probe(machine.read(), Accelerator.TCG, seconds=60)
    assert not answer.works and "resets at protected mode" in answer.reason


def test_a_qemu_that_fails_is_a_no_with_its_words() -> None:
    pc = machine.read()
    engine = dataclasses.replace(pc.engines[Accelerator.TCG], cpu="no-such-cpu")
    pc = dataclasses.replace(pc, engines={**pc.engines, Accelerator.TCG: engine})
    answer = accel.probe(pc, Accelerator.TCG)
    assert not answer.works
    assert "status 1" in answer.reason and "no-such-cpu" in answer.reason


def test_auto_never_falls_back_in_silence() -> None:
    heard = Heard()
    chosen = accel.choose("auto", heard)
    if chosen is Accelerator.KVM:
        assert not heard.lines
    else:
        warning, = heard.lines
        assert warning.startswith("warning: accelerator: KVM does not work here: ")
        assert "falling back to TCG" in warning and "\n" not in warning


@pytest.mark.parametrize("wanted", ["tcg", "icount"])
def test_what_always_works_asks_nothing(wanted: str) -> None:
    heard = Heard()
    assert accel.choose(wanted, heard) is Accelerator(wanted)
    assert not heard.lines


def test_kvm_on_demand_is_kvm_or_an_error() -> None:
    works = accel.probe_kvm(machine.read()).works
    if works:
        assert accel.choose("kvm", Heard()) is Accelerator.KVM
    else:
        with pytest.raises(CannotMeasure) as caught:
            accel.choose("kvm", Heard())
        assert str(caught.value).startswith("accelerator kvm: ")
        assert "\n" not in str(caught.value)


def test_no_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_cache: Path) -> None:
    monkeypatch.setattr(accel, "_DEVICE", tmp_path / "kvm")
    with pytest.raises(CannotMeasure, match="there is no /dev/kvm; load the module"):
        accel.choose("kvm", Heard())
    assert not own_cache.exists()


def remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: Path) -> list[str]:
    """Probe twice with a device that any user may open; what was asked."""
    device = tmp_path / "kvm"
    device.touch()
    asked: list[str] = []

    def probe(pc: machine.Machine) -> accel.Answer:
        asked.append(pc.type)
        return accel.Answer(False, "it hangs", "use another")

    monkeypatch.setattr(accel, "_DEVICE", device)
    monkeypatch.setattr(accel, "probe_kvm", probe)
    assert accel.kvm(machine.read()) == accel.kvm(machine.read()) \
        == accel.Answer(False, "it hangs", "use another")
    return asked


def test_the_answer_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                            own_cache: Path) -> None:
    asked = remembered(monkeypatch, tmp_path, own_cache)
    assert len(asked) == 1
    # Another boot of the host: ask again.
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("another\n")
    monkeypatch.setattr(accel, "_BOOT_ID", boot_id)
    accel.kvm(machine.read())
    assert len(asked) == 2


@pytest.mark.parametrize("spoilt", ["", "{}", "[]", "nonsense", '{"key": 1}', "\0"])
def test_a_spoilt_cache_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                       own_cache: Path, spoilt: str) -> None:
    asked = remembered(monkeypatch, tmp_path, own_cache)
    own_cache.write_text(spoilt)
    assert not accel.kvm(machine.read()).works
    assert len(asked) == 2
    assert json.loads(own_cache.read_text())["works"] is False


def test_unknown_accelerator() -> None:
    with pytest.raises(UsageError, match="accelerator: 'xen' is not one of auto, kvm, tcg"):
        accel.choose("xen", Heard())


def test_source_that_does_not_assemble(tmp_path: Path) -> None:
    source = tmp_path / "bad.s"
    source.write_text("no such instruction\n")
    with pytest.raises(CannotMeasure, match="cannot be assembled: .*no such instruction"):
        assemble(source, tmp_path / "bad")
    assert not (tmp_path / "bad.o").exists()
