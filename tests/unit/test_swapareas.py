# SPDX-License-Identifier: GPL-2.0-only
"""Several swap devices at once: how they are written, what a guest cannot have, what is made."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import swapareas
from runner.errors import UsageError
from runner.experiment import plan
from runner.records import DEVICES, MIB, Job, SwapDevice
from runner.vm import initramfs


@pytest.mark.parametrize("text, shown", [
    ("pmem", "pmem"), ("pmem0:-1", "pmem"), ("zram:0100=64 + pmem:10", "zram:100=64+pmem:10"),
    ("pmem@0+pmem1@1", "pmem@0+pmem1@1"), ("brd:0+brd1:0", "brd:0+brd1:0"),
    ("virtio-blk:32767=16+zram", "virtio-blk:32767=16+zram")])
def test_one_way_to_write_each(text: str, shown: str) -> None:
    assert swapareas.canonical(text) == shown
    assert swapareas.canonical(shown) == shown
    assert len(swapareas.kinds(shown)) == len(swapareas.parse(text))


@pytest.mark.parametrize("text, said", [
    ("zrm", "'zrm' is not one of pmem,.*did you mean zram"),
    ("pmem+", "'' is not one of"), ("pmem:ten", "'pmem:ten' is not one of"),
    ("pmem:32768", "priority 32768 is not in -1..32767: the kernel fills the higher one first"),
    ("pmem:-2", "priority -2 is not in -1..32767"),
    ("pmem:5+pmem:5", "pmem is there twice; the second one of its kind is pmem1"),
    ("brd+brd1+brd1", "brd1 is there twice"),
    ("pmem1", "pmem1 is not the next one of its kind, which is pmem"),
    ("zram+zram2", "zram2 is not the next one of its kind, which is zram1"),
    ("nvme+nvme1", "a guest has one nvme device"),
    ("pmem+pmem-legacy", "pmem and pmem-legacy cannot be there at once"),
    ("virtio-blk+nvme", "virtio-blk and nvme cannot be there at once"),
    ("brd=15", "15 MiB is not an even number of at least 16"),
    ("brd=17", "17 MiB is not an even number"),
    ("zram@0", "zram lies on no NUMA node"),
    ("+".join(["pmem", *(f"pmem{at}" for at in range(1, 9))]), "more than 8 swap devices")])
def test_what_a_guest_cannot_have(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        swapareas.parse(text)
    assert "\n" not in str(error.value)


def test_sizes_are_of_all_together() -> None:
    made = swapareas.make("zram:100=64+pmem:10", 512 * MIB)
    assert made.areas == (SwapDevice("zram", 64 * MIB, priority=100),
                          SwapDevice("pmem", 448 * MIB, priority=10))
    assert swapareas.make("pmem@0+pmem1@1", 321 * MIB).areas == (
        SwapDevice("pmem", 160 * MIB, node=0), SwapDevice("pmem", 161 * MIB, node=1))
    assert swapareas.make("pmem", 16 * MIB, 7) == SwapDevice("pmem", 16 * MIB, 7)


@pytest.mark.parametrize("text, mib, said", [
    ("zram=64+pmem=64", 256, "128 MiB are not guest.swap_mib, which is 256"),
    ("zram=64+pmem", 72, "guest.swap_mib = 72 leaves 8 MiB for pmem; each takes at least 16"),
    ("zram=64+pmem", 32, "leaves 0 MiB for pmem"),
    ("brd+brd1+zram", 40, "leaves 40 MiB for brd, brd1, zram; each takes at least 16")])
def test_sizes_that_do_not_fit(text: str, mib: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        swapareas.make(text, mib * MIB)


@given(st.lists(st.sampled_from(["pmem", "brd", "zram"]), min_size=1, max_size=8),
       st.integers(256, 4096))
def test_shares_lose_nothing(kinds: list[str], mib: int) -> None:
    text = "+".join(f"{kind}{kinds[:at].count(kind) or ''}" for at, kind in enumerate(kinds))
    areas = swapareas.make(text, mib * MIB).areas
    assert sum(one.size for one in areas) == mib * MIB
    assert [one.kind for one in areas] == kinds == [*swapareas.kinds(text)]


def test_what_the_agent_reads() -> None:
    text = initramfs.job_text(Job(swapareas.make("zram:100=64+pmem+brd:0", 192 * MIB), False,
                                  ("/bin/x",)))
    assert text.splitlines()[1:8] == [
        "device zram", "device-bytes 67108864", "device-priority 100", "device pmem",
        "device-bytes 67108864", "device brd", "device-bytes 67108864"]
    # One device as it always was.
    plain = initramfs.job_text(Job(SwapDevice("pmem", 64 * MIB), False, ("/bin/x",)))
    assert plain.splitlines()[1:3] == ["device pmem", "device-bytes 67108864"]
    assert "priority" not in plain
    with pytest.raises(UsageError, match="priority 40000 is not in"):
        initramfs.job_text(Job(SwapDevice("pmem", 64 * MIB, priority=40000), False, ("/bin/x",)))


@pytest.mark.parametrize("name", [*DEVICES, "of-a-later-version"])
def test_one_device_is_itself(name: str) -> None:
    assert swapareas.kinds(name) == (name,)
    assert swapareas.with_drivers("perf", f"pmem+{name}") == swapareas.with_drivers("perf", name)


@pytest.mark.parametrize("lines, said", [
    ('devices = ["zram:100+pmem:70000"]', r"x.toml:3: devices: pmem:70000: priority 70000 is not"),
    ('devices = ["pmem", "pmem0:-1"]', "x.toml:3: devices: names something twice"),
    ('devices = ["pmem@0+pmem1@1"]', "guest: numa_nodes: a swap device is to lie on node"),
    ('devices = ["zram=64+pmem"]\n[guest]\nswap_mib = 64\n[workload]\nratio = 1.05',
     "guest: zram=64.pmem: .*leaves 0 MiB"),
    ('devices = ["zram+nvme"]', "devices: zram.nvme: the host reads and writes for it"),
    ('devices = ["zram=64+pmem"]\n[guest]\nswap_mib = 128\n[workload]\nratio = 2.0',
     "ratio: 2 × 256 MiB of RAM does not fit in RAM and 128 MiB of swap")])
def test_refused_before_anything_boots(tmp_path: Path, lines: str, said: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f'format = 1\nkernels = ["6.1:vanilla"]\n{lines}\n')
    with pytest.raises(UsageError, match=said) as error:
        plan.load(file)
    assert "\n" not in str(error.value)


def test_a_cell_of_several_has_the_drivers_of_all(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nkernels = ["6.1:vanilla"]\ntiers = ["exact"]\n'
                    'devices = ["pmem", "zram0:100=64+pmem:10+zram1:100=64"]\n')
    asked = plan.load(file)
    assert asked.devices == ("pmem", "zram:100=64+pmem:10+zram1:100=64")
    assert plan.flavours(asked) == ["perf", "perf+devices"]
    assert asked.collects(asked.devices[1]) == ("/sys/block/zram0/mm_stat",
                                                "/sys/block/zram1/mm_stat")
    assert asked.collects("pmem") == ()
