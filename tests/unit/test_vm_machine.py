# SPDX-License-Identifier: GPL-2.0-only
"""The machine description, its memory layouts and the command line made of them."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import CannotMeasure, UsageError
from runner.host import hostmemory
from runner.records import DEVICES, MIB, Accelerator, SwapDevice
from runner.vm import disk, machine, memory, numa, qemu

TEXT = machine.DESCRIPTION.read_text()
STREAMS = qemu.Streams("null", "null", "null")


def argv_of(accelerator: Accelerator = Accelerator.ICOUNT, vcpus: int = 1, kind: str = "pmem",
            streams: qemu.Streams = STREAMS, cmdline: tuple[str, ...] = ()) -> list[str]:
    pc = machine.read()
    layout = memory.lay_out(256 * MIB, SwapDevice(kind, 512 * MIB))
    line = qemu.append(pc, accelerator, layout, cmdline)
    return qemu.command(pc, accelerator, vcpus, layout, Path("/k"), Path("/i"), line, streams)


def after(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def test_the_description_scales_seconds_and_not_sizes() -> None:
    pc = machine.read()
    kvm, tcg = (pc.engines[name].limits for name in (Accelerator.KVM, Accelerator.TCG))
    assert tcg.boot > kvm.boot and tcg.silence > kvm.silence and tcg.total > kvm.total
    assert tcg.channel == kvm.channel == 32 * MIB


@pytest.mark.parametrize("good, bad, place", [
    ('type = "pc-i440fx-7.1"', "type = 7", ":5: type: 7 is not a text"),
    ('qemu = "qemu-system-x86_64"', "", "qemu: missing"),
    ("boot = 10 ", "boot = 0 ", "limits.boot: 0 is not in 0.1..86400"),
    ("silence = 10", "silence = nan", "limits.silence: nan is not in"),
    ("total = 180", 'total = "x"', "limits.total: 'x' is not a number"),
    ("console = 4", "console = -1", "bounds.console: -1 is not in"),
    ("channel = 32", "chanel = 32", "bounds.channel: missing"),
    ("heartbeat = 16", "heartbeat = 1e9", "bounds.heartbeat: 1000000000.0 is not in"),
    ('cpu = "host"', "cpu = true", "accelerator.kvm.cpu: True is not a text"),
    ('args = ["-accel", "kvm"]', "args = []", "accelerator.kvm.args: is empty"),
    ('params = ["nokaslr", "mitigations=off"]', 'params = ["a b"]',
     "accelerator.kvm.params: 'a b' holds a blank"),
    ("max_vcpus = 1\n", "max_vcpus = 0\n", "accelerator.icount.max_vcpus: 0 is not in 1..1024"),
    ("scale = 6", "scale = 0", "accelerator.tcg.scale: 0 is not in 0.1..1000"),
    ("scale = 10", "scale = 10\nspeed = 3", "accelerator.icount.speed: is not known here"),
    ("[accelerator.icount]", "[accelerator.tcgg]", "accelerator.icount.scale: missing"),
    ("[bounds]", "[bound]", "bounds.console: missing"),
])
def test_bad_description(tmp_path: Path, good: str, bad: str, place: str) -> None:
    assert TEXT.count(good) >= 1
    file = tmp_path / "pc.toml"
    file.write_text(TEXT.replace(good, bad, 1))
    with pytest.raises(UsageError) as caught:
        machine.read(file)
    assert place in str(caught.value)
    assert str(caught.value).startswith(f"{file}:")
    assert "\n" not in str(caught.value)


def test_limits_are_overridden_as_they_are() -> None:
    limits = machine.read().engines[Accelerator.TCG].limits.overridden({"boot": 2.5})
    assert limits.boot == 2.5
    assert limits.total == machine.read().engines[Accelerator.TCG].limits.total


@pytest.mark.parametrize("changes", [{"boots": 1.0}, {"boot": 0.0}, {"boot": float("nan")},
                                     {"total": float("inf")}, {"channel": -1.0}])
def test_bad_limits(changes: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="limits: "):
        machine.read().engines[Accelerator.TCG].limits.overridden(changes)


@pytest.mark.parametrize("accelerator", Accelerator)
@pytest.mark.parametrize("kind", DEVICES)
def test_every_guest_is_fenced_in(accelerator: Accelerator, kind: str) -> None:
    argv = argv_of(accelerator, 1, kind)
    assert after(argv, "-sandbox").startswith("on,") and "spawn=deny" in after(argv, "-sandbox")
    assert after(argv, "-nic") == "none" and "-netdev" not in argv
    assert {"-nodefaults", "-no-user-config", "-no-reboot"} <= set(argv)
    assert after(argv, "-display") == "none"
    assert "rdinit=/init" in after(argv, "-append") and "panic=-1" in after(argv, "-append")


def test_icount_is_one_vcpu_and_nothing_random() -> None:
    argv = argv_of(Accelerator.ICOUNT)
    assert after(argv, "-smp") == "1"
    assert after(argv, "-icount") == "shift=0,sleep=off,align=off"
    assert "clock=vm" in after(argv, "-rtc") and "-rdrand" in after(argv, "-cpu")
    assert "virtio-serial-pci,ioeventfd=off" in argv
    assert "random.trust_cpu=off" in after(argv, "-append").split()
    with pytest.raises(UsageError, match=r"vcpus: 2 is not in 1\.\.1 for icount"):
        argv_of(Accelerator.ICOUNT, 2)


def test_accelerators() -> None:
    tcg, kvm = argv_of(Accelerator.TCG, 2), argv_of(Accelerator.KVM, 2)
    assert after(tcg, "-accel") == "tcg,thread=multi" and after(kvm, "-accel") == "kvm"
    assert after(kvm, "-cpu") == "host" and after(tcg, "-smp") == "2"
    assert "-icount" not in tcg + kvm


def test_commas_in_paths_are_doubled() -> None:
    path = Path("/a,b/console.log")
    argv = argv_of(streams=qemu.Streams(qemu.to_file(path), "null", "null"))
    assert "file,path=/a,,b/console.log,id=console" in argv


def test_own_parameters_come_last() -> None:
    assert after(argv_of(cmdline=("oops=", "x=1")), "-append").endswith(" oops= x=1")


@pytest.mark.parametrize("param", ["", "a b", "a\tb", "a\nb", "\x1b[2J"])
def test_bad_parameter(param: str) -> None:
    with pytest.raises(UsageError, match="kernel parameter"):
        argv_of(cmdline=(param,))


def test_command_line_too_long() -> None:
    with pytest.raises(UsageError, match="kernel command line: .* is more than 2047"):
        argv_of(cmdline=("x" * 2000,))


def test_pmem_is_beside_ram_and_brd_in_it() -> None:
    pmem = memory.lay_out(384 * MIB, SwapDevice("pmem", 512 * MIB))
    brd = memory.lay_out(384 * MIB, SwapDevice("brd", 512 * MIB))
    assert pmem.ram == 384 * MIB and pmem.machine == ",nvdimm=on" and not pmem.params
    assert brd.ram == 896 * MIB and brd.params == ("ramdisk_size=524288",)


def test_zram_lies_in_ram_with_what_it_knows_of_its_pages() -> None:
    zram = memory.lay_out(384 * MIB, SwapDevice("zram", 512 * MIB))
    assert zram.ram == (384 + 512 + 16) * MIB and not zram.params and not zram.disk


def test_several_beside_each_other() -> None:
    several = SwapDevice("pmem", 256 * MIB, node=0, beside=(
        SwapDevice("brd", 64 * MIB), SwapDevice("zram", 64 * MIB), SwapDevice("brd", 128 * MIB),
        SwapDevice("pmem", 512 * MIB, node=1), SwapDevice("zram", 32 * MIB),
        SwapDevice("virtio-blk", 16 * MIB)))
    layout = memory.lay_out(256 * MIB, several)
    # zram: a thirty-second on top for what it knows of its pages.
    assert layout.ram == (256 + 64 + 128 + 66 + 33) * MIB and layout.disk == 16 * MIB
    assert layout.params == ("ramdisk_size=131072", "brd.rd_nr=2", "zram.num_devices=2")
    assert layout.args[:2] == ("-m", "size=547M,slots=3,maxmem=4G")
    assert [word for word in layout.args if word.startswith(("nvdimm", "memory-backend"))] == [
        "memory-backend-ram,id=swapmem,size=256M", "nvdimm,memdev=swapmem,id=swapdimm,node=0",
        "memory-backend-ram,id=swapmem1,size=512M", "nvdimm,memdev=swapmem1,id=swapdimm1,node=1"]


@pytest.mark.parametrize("nodes, said", [(1, "to lie on node 0.*nodes are 1"),
                                         (2, "to lie on node 2.*nodes are 2")])
def test_a_device_lies_on_a_node_that_is_there(nodes: int, said: str) -> None:
    device = SwapDevice("pmem", 64 * MIB, node=0, beside=(SwapDevice("pmem", 64 * MIB, node=2),))
    with pytest.raises(UsageError, match=said):
        numa.share(memory.lay_out(256 * MIB, device), device, 2, nodes)


@pytest.mark.parametrize("kind, model", [("virtio-blk", "virtio-blk-pci"), ("nvme", "nvme")])
def test_a_disk_is_beside_ram(kind: str, model: str) -> None:
    layout = memory.lay_out(384 * MIB, SwapDevice(kind, 512 * MIB))
    assert (layout.ram, layout.disk) == (384 * MIB, 512 * MIB)
    assert after(list(layout.args), "-device").split(",")[0] == model
    with disk.held(2 * MIB) as (args, (fd,)):
        assert os.fstat(fd).st_size == 2 * MIB and os.fstat(fd).st_blocks == 2 * MIB // 512
        assert args == ["-add-fd", f"fd={fd},set=1"]
    with pytest.raises(OSError):
        os.fstat(fd)


def test_a_disk_that_the_host_cannot_hold() -> None:
    with pytest.raises(CannotMeasure, match=r"swap device: \d+ MiB do not fit in the host"):
        hostmemory.hold(SwapDevice("virtio-blk", 1 << 50))
    hostmemory.hold(SwapDevice("virtio-blk", MIB))
    hostmemory.hold(SwapDevice("zram", 1 << 50))     # the guest's own RAM


@given(ram=st.integers(64, 8192), halves=st.integers(1, 4096))
def test_legacy_region_is_aligned_and_inside_ram(ram: int, halves: int) -> None:
    size = halves * 2 * MIB
    try:
        layout = memory.lay_out(ram * MIB, SwapDevice("pmem-legacy", size))
    except UsageError as error:
        assert "does not fit" in str(error)
        assert ram < 256 or ram * MIB + size >= 0xC0000000
        return
    param, = layout.params
    length, start = (int(part.rstrip("M")) * MIB
                     for part in param.removeprefix("memmap=").split("!"))
    assert layout.ram == ram * MIB + size and length == size
    assert start % memory.SECTION == 0 and start >= memory.SECTION
    # RAM lies below 3 GiB and from 4 GiB on, once there is 3.5 GiB of it.
    split = layout.ram >= 0xE0000000
    end = start + size
    if start < 4 << 30:
        assert end + memory.SECTION <= (3 << 30 if split else layout.ram)
    else:
        assert split and end + memory.SECTION <= layout.ram + (1 << 30)


@pytest.mark.parametrize("ram, kind, size", [
    (0, "pmem", 512 * MIB), (63 * MIB, "pmem", 512 * MIB), (256 * MIB + 1, "pmem", 512 * MIB),
    (256 * MIB, "pmem", 0), (256 * MIB, "pmem", 512 * MIB + 4096), (256 * MIB, "brd", MIB),
    (256 * MIB, "pmem-legacy", MIB), (128 * MIB, "pmem-legacy", 512 * MIB)])
def test_sizes_that_do_not_work(ram: int, kind: str, size: int) -> None:
    with pytest.raises(UsageError):
        memory.lay_out(ram, SwapDevice(kind, size))


@given(ram=st.integers(1024, 4096), vcpus=st.integers(1, 16), nodes=st.integers(2, numa.MOST))
def test_nodes_share_all_of_it(ram: int, vcpus: int, nodes: int) -> None:
    device = SwapDevice("pmem", 512 * MIB)
    words = list(numa.share(memory.lay_out(ram * MIB, device), device, vcpus, nodes).args)
    said = [words[place + 1] for place, word in enumerate(words) if word == "-numa"]
    sizes = [int(word.partition("size=")[2][:-1]) for word in words if ",id=node" in word]
    assert sum(sizes) == ram and len(sizes) == len(said) == nodes
    assert max(sizes) - min(sizes) < nodes
    cpus = [[int(part[5:]) for part in one.split(",") if part.startswith("cpus=")] for one in said]
    assert sorted(sum(cpus, [])) == list(range(vcpus)) and 0 in cpus[0]
    shares = [len(one) for one in cpus]
    assert max(shares) - min(shares) <= 1


def test_one_node_is_as_ever() -> None:
    device = SwapDevice("brd", 512 * MIB)
    layout = memory.lay_out(256 * MIB, device)
    assert numa.share(layout, device, 2, 1) == layout
