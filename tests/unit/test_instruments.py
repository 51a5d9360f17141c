# SPDX-License-Identifier: GPL-2.0-only
"""[instruments]: what it takes, the steps it makes, and a tool that fails."""
from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import paths
from runner.campaign import campaign, running
from runner.errors import UsageError
from runner.experiment import plan
from runner.instruments import ndctl, outputs, steps
from runner.instruments.table import Instruments
from runner.progress import Progress
from runner.records import MIB, Job, SwapDevice, ToolStep
from runner.vm import initramfs, toollayer
from runner.vm.channel import FrameType
from tests.unit.test_channel import stream

PMEM = SwapDevice("pmem", 512 * MIB)


def write(tmp_path: Path, lines: str, tiers: str = '["timed"]') -> Path:
    file = tmp_path / "x.toml"
    file.write_text(f'format = 1\nbase = "6.1:vanilla"\ntiers = {tiers}\n[instruments]\n{lines}\n')
    return file


@pytest.mark.parametrize("lines, tiers, says", [
    ("foi = true", '["timed"]', "x.toml:5: instruments.foi: is not known here; known: "),
    ('perf = ["locks"]', '["exact"]', "x.toml:5: instruments.perf: locks: one vCPU waits for no"),
    ('perf = ["lokcs"]', '["timed"]', "'lokcs' is not one of profile, locks (did you mean locks?)"),
    ('ndctl = "btt"', '["timed"]', "x.toml:5: instruments.ndctl: 'btt' is not one of raw, fsdax, "
                                   "sector"),
    ('stress-ng = "vm"', '["timed"]', "instruments.stress-ng: 'vm' does not begin with a stressor"),
    ('stress-ng = "--cpu 1 --timeout 5"', '["timed"]', "--timeout: is not for an experiment"),
    ("fio = 1", '["timed"]', "x.toml:5: instruments.fio: 1 is not true or false"),
    ("fio = true", '["exact", "locks"]', "x.toml:4: instruments: tools run in the tiers exact and "
                                         "timed; take locks out of tiers"),
])
def test_what_is_refused(tmp_path: Path, lines: str, tiers: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan.load(write(tmp_path, lines, tiers))
    assert says in str(caught.value)


def test_nothing_named_changes_nothing(tmp_path: Path) -> None:
    experiment = plan.load(write(tmp_path, ""))
    assert experiment.instruments == Instruments()
    assert experiment.instruments.programs == ()
    assert steps.steps(experiment.instruments, 2, PMEM) == ()
    assert plan.flavour(experiment, "timed", "pmem") == "perf"


def test_tools_boot_a_kernel_that_bears_them(tmp_path: Path) -> None:
    experiment = plan.load(write(tmp_path, "fio = true"))
    assert plan.flavour(experiment, "timed", "pmem") == "perf+tools"


@pytest.mark.parametrize("guest", [
    "ram_mib = 128",
    "ram_mib = 512\n[settings]\n\"guest.ram_mib\" = 128"])
def test_tools_that_do_not_fit_are_refused_before_anything_boots(
        guest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_kernels(*_: object) -> NoReturn:
        raise AssertionError("kernels are built")
    monkeypatch.setattr(toollayer, "layer", lambda _: bytes(89 * MIB - 1))
    experiment = plan.load(write(tmp_path, f"fio = true\n[guest]\n{guest}"))
    home = campaign.create(experiment, tmp_path / "results")
    with pytest.raises(UsageError, match=r"guest.ram_mib: 128 MiB do not hold fio as they "
                                         "are unpacked; make it 129 at least$"):
        running.run(experiment, home, Progress(), {}, kernels_of=no_kernels)


@pytest.mark.parametrize("file", sorted((paths.CONFIGS / "instruments").glob("*.toml")),
                         ids=lambda file: file.stem)
def test_every_example_is_a_job_the_agent_takes(file: Path) -> None:
    experiment = plan.load(file)
    assert experiment.instruments.programs
    for threads in experiment.threads:
        device = SwapDevice(experiment.devices[0], experiment.guest.swap)
        made = steps.steps(experiment.instruments, threads, device)
        text = initramfs.job_text(Job(device, False, ("/bin/swapstorm",), tools=made))
        assert text.count("\ntool ") == len(made)


def test_fio_gives_each_thread_a_part() -> None:
    step, = steps.steps(Instruments(fio=True), 3, PMEM)
    assert step.when == "before" and "JOBS=3" in step.environment
    share = int(step.environment[1].partition("=")[2])
    assert share % 4096 == 0 and 3 * share <= steps.FIO_BYTES


def channel(tmp_path: Path, *events: str) -> Path:
    """A folder of evidence whose channel holds these events."""
    (tmp_path / "channel.bin").write_bytes(
        stream(*((FrameType.EVENT, text.encode()) for text in events)))
    return tmp_path


@pytest.mark.parametrize("events, said, reason", [
    ((), "", "instrument fio: never ended"),
    (("tool fio exited 1",), "", "instrument fio: exited 1"),
    (("tool fio killed 9",), "fio: no memory\x1b\n\n", "instrument fio: killed 9: fio: no memory"),
])
def test_tool_that_fails_is_a_reason(tmp_path: Path, events: tuple[str, ...], said: str,
                                     reason: str) -> None:
    home = channel(tmp_path, *events)
    (home / "tool.fio.err").write_text(said)
    job = Job(PMEM, False, ("/bin/swapstorm",), tools=(ToolStep("fio", "before", ("/bin/fio",)),))
    reasons = outputs.failures(home, job)
    assert len(reasons) == 1
    assert reasons[0].text.startswith(reason) and reasons[0].text.isprintable()


def test_no_tools_no_reading(tmp_path: Path) -> None:
    assert outputs.failures(tmp_path, Job(PMEM, False, ("/bin/swapstorm",))) == ()
    assert outputs.measure(tmp_path, {}) == {}


def test_namespace_is_the_one_asked_for(tmp_path: Path) -> None:
    data = Path(__file__).parent.parent / "data" / "tools" / "ndctl-sector.json"
    (tmp_path / ndctl.OUTPUT).write_bytes(data.read_bytes())
    assert ndctl.reason(tmp_path, "sector") == ""
    assert ndctl.reason(tmp_path, "raw") == "the namespace is sector, not raw"
    assert ndctl.measure(tmp_path, {})["namespace_mib"].value == pytest.approx(300613632 / MIB)


@given(text=st.text(max_size=60) | st.builds(
    lambda mode: f'[{{"mode": {mode}, "size": 1}}]', st.text(max_size=9)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_list_of_namespaces(tmp_path: Path, text: str) -> None:
    (tmp_path / ndctl.OUTPUT).write_text(text, encoding="utf-8", errors="replace")
    assert ndctl.reason(tmp_path, "sector").isprintable()
