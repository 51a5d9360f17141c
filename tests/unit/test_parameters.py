# SPDX-License-Identifier: GPL-2.0-only
"""Which settings a kernel takes, read out of images made for it, and what is done about others."""
from __future__ import annotations

import gzip
import lzma
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.experiment import plan
from runner.judge import ineffective
from runner.kernel import parameters
from runner.records import BuiltKernel

SOURCE = """\
struct param { const char *name; void *rest[4]; };
struct setup { const char *name; void *function; long early; };
__attribute__((section("__param"), used)) struct param params[] = {
    {"swapscale_test.level"}, {"initcall_debug"}, {"zram.num_devices"}};
__attribute__((section("set"), used)) struct setup setups[] = {
    {"root="}, {"nosmp"}, {"thp_anon=", 0, 0}, {"mitigations", 0, 1}, {"no_hash-pointers", 0, 1}};
void _start(void) {}
"""


def packed(elf: bytes, how: str) -> bytes:
    size = struct.pack("<I", len(elf))
    if how == "lz4":
        return subprocess.run(["lz4", "-l", "-c"], input=elf, check=True,
                              capture_output=True).stdout + size
    return {"none": elf, "gzip": gzip.compress(elf) + size,
            "xz": lzma.compress(elf) + size, "bzip2": b"BZh9" + elf}[how]


def image(folder: Path, how: str = "none", symbols: bool = True, config: str = "") -> Path:
    """A bzImage as far as its header and payload go."""
    (folder / "k.c").write_text(SOURCE)
    subprocess.run(["gcc", "-nostdlib", "-static", "-no-pie", "-o", folder / "k", folder / "k.c"],
                   check=True)
    elf = (folder / "k").read_bytes()
    payload = packed(elf, how)
    head = bytearray(1024)
    head[0x1f1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", head, 0x248, 0, len(payload))
    (folder / "bzImage").write_bytes(bytes(head) + payload)
    if symbols:
        lines = subprocess.run(["nm", folder / "k"], check=True, capture_output=True,
                               text=True).stdout.splitlines()
        begin = next(int(line.split()[0], 16) for line in lines if line.endswith(" setups"))
        (folder / "System.map").write_text(f"{begin:016x} T __setup_start\n"
                                           f"{begin + 5 * 24:016x} T __setup_end\n")
    if config:
        (folder / "config").write_text(config)
    return folder / "bzImage"


def kernel(path: Path) -> BuiltKernel:
    return BuiltKernel("6.1:x", "perf", "k", "6.1", path, "s")


@pytest.mark.parametrize("how", ["none", "gzip", "xz", "lz4"])
def test_what_an_image_takes(tmp_path: Path, how: str) -> None:
    found = parameters.known(image(tmp_path, how))
    assert found is not None
    for word in ("swapscale_test.level=3", "swapscale-test.level", "initcall_debug", "root=/x",
                 "nosmp", "mitigations=off", "no-hash-pointers", "no_hash_pointers", "thp-anon=1",
                 "sysctl.vm.swappiness=1", "initrd=x", "zram.dyndbg=+p", "nokaslr"):
        assert found.takes(word), word
    for word in ("zswap.enabled=1", "swapscale_test.levels=3", "swapscale_test", "thp_anon",
                 "enabled=1", "zram.num_device=1", "foo"):
        assert not found.takes(word), word


def test_without_symbols_the_dotted_ones_are_known(tmp_path: Path) -> None:
    found = parameters.known(image(tmp_path, "lz4", symbols=False))
    assert found is not None
    assert found.takes("foo=1") and found.takes("zram.num_devices=1")
    assert not found.takes("zswap.enabled=1")


def test_sysctls_take_their_option(tmp_path: Path) -> None:
    found = parameters.known(image(tmp_path, config="# CONFIG_PROC_SYSCTL is not set\n"))
    assert found is not None and not found.takes("sysctl.vm.swappiness=1")


@pytest.mark.parametrize("words, mine, inits", [
    (["a=1", "b"], ["a=1", "b"], []), (["a=1 b  c=2"], ["a=1", "b", "c=2"], []),
    (['a="x y" b'], ["a=x y", "b"], []), (['"a=x y"', "b"], ["a=x y", "b"], []),
    (["a", "--", "b=1"], ["a"], ["--", "b=1"]), (["a -- b", "c"], ["a"], ["--", "b", "c"]),
    (['a="-- b"'], ["a=-- b"], []), (['a="x'], ["a=x"], []), (["  "], [], [])])
def test_words_are_parted_as_the_kernel_does(words: list[str], mine: list[str], inits: list[str]
                                             ) -> None:
    assert parameters.split(words) == (mine, inits)


@pytest.mark.parametrize("words, told", [
    (["nosmp zswap.enabled=1"], ["zswap.enabled"]), (['"zswap.enabled=1"'], ["zswap.enabled"]),
    (['"nosmp"', 'initcall_debug="1"'], []), (["no-smp"], ["no-smp"]),
    (["nosmp", "--", "root=/x"], ["-- root=/x (what stands behind '--' is init's)"])])
def test_no_word_hides_in_another(tmp_path: Path, words: list[str], told: list[str]) -> None:
    assert parameters.unknown(kernel(image(tmp_path)), words) == told


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"x" * 5000])
def test_what_is_no_image_is_not_judged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bzImage").write_bytes(data)
    assert parameters.unknown(kernel(tmp_path / "bzImage"), ["zswap.enabled=1"]) == []
    odd = tmp_path / "odd"
    odd.mkdir()
    assert parameters.unknown(kernel(image(odd, "bzip2")), ["zswap.enabled=1"]) == []


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {how: image(tmp_path_factory.mktemp(how), how) for how in ("none", "gzip", "xz")}


@given(st.sampled_from(["none", "gzip", "xz"]),
       st.lists(st.tuples(st.integers(0, 20000), st.binary(min_size=1, max_size=8)), min_size=1,
                max_size=6))
def test_any_damage_is_read_or_left(images: dict[str, Path], how: str,
                                    damage: list[tuple[int, bytes]]) -> None:
    data = bytearray(images[how].read_bytes())
    for at, written in damage:
        at %= len(data)
        data[at:at + len(written)] = written
    damaged = images[how].with_name("damaged")
    damaged.write_bytes(data)
    for read in (parameters.unpacked, parameters.known):
        read.cache_clear()
    told = parameters.known(damaged)
    assert told is None or isinstance(told.params, frozenset)


def test_the_option_that_is_off_is_named(tmp_path: Path) -> None:
    path = image(tmp_path, config="# CONFIG_ZSWAP is not set\nCONFIG_SMP=y\n")
    assert parameters.unknown(kernel(path), ["zswap.enabled=1", "foo=2", "nosmp"]) == [
        "zswap.enabled (CONFIG_ZSWAP is not set)", "foo"]


@pytest.mark.parametrize("word, told", [
    # The image holds zram, as the kernel that has it built in does; nvme is a module of Debian's
    ("zram.num_devices=2", []),
    ("nvme.poll_queues=2", ["nvme.poll_queues (nvme is a module, which does not read the command "
                            "line)"]),
    ("nd-pmem.x=1", ["nd-pmem.x (nd_pmem is a module, which does not read the command line)"]),
    # spelled wrong, and of a module that guests do not load
    ("zram.num_device=2", ["zram.num_device"]), ("zsmalloc.x=1", ["zsmalloc.x"]),
    ("zswap.enabled=1", ["zswap.enabled (CONFIG_ZSWAP is not set)"])])
def test_a_module_does_not_read_the_command_line(tmp_path: Path, word: str, told: list[str]
                                                 ) -> None:
    for name in ("nvme", "nd_pmem"):
        (tmp_path / f"{name}.ko").touch()
    path = image(tmp_path, config="# CONFIG_ZSWAP is not set\n")
    assert parameters.unknown(replace(kernel(path), modules=tmp_path), [word]) == told


def experiment(folder: Path, words: str, more: str = "") -> plan.Experiment:
    file = folder / "x.toml"
    file.write_text(f'format = 1\nkernels = ["6.1:vanilla"]\ntiers = ["exact"]\n[guest]\n'
                    f"cmdline = [{words}]\n{more}")
    return plan.load(file)


def test_what_no_kernel_takes_is_refused(tmp_path: Path) -> None:
    two = [tmp_path / "a", tmp_path / "b"]
    for one in two:
        one.mkdir()
    old = kernel(image(two[0], config="# CONFIG_ZSWAP is not set\n"))
    new = kernel(image(two[1], config="# CONFIG_ZSWAP is not set\n"))
    asked = experiment(tmp_path, '"zswap.enabled=1", "nosmp"')
    both = {("a", "perf"): old, ("b", "perf"): new}
    with pytest.raises(UsageError) as error:
        ineffective.refuse(asked, both)
    assert "no kernel of this experiment takes zswap.enabled (CONFIG_ZSWAP is not set)" in str(
        error.value) and "\n" not in str(error.value)
    ineffective.refuse(experiment(tmp_path, '"nosmp"'), both)
    # Another image takes it: a comparison may be of that.
    (two[1] / "System.map").unlink()
    other = experiment(tmp_path, '"foo=1"')
    parameters.known.cache_clear()
    ineffective.refuse(other, both)
    with pytest.raises(UsageError):
        ineffective.refuse(other, {("a", "perf"): old, ("b", "perf"): old})


@pytest.mark.parametrize("words, line, says", [
    ("zswap.compressor=lz4", "zswap: compressor lz4 not available, using default lzo",
     "zswap: compressor lz4 not available"),
    ("swapscale_test.level=x", "Booting kernel: `x' invalid for parameter `swapscale_test.level'",
     "invalid for parameter"),
    ("sysctl.vm.swapiness=1", "Failed to set sysctl parameter 'vm.swapiness=1': parameter not "
                              "found", "Failed to set sysctl parameter"),
    ("transparent_hugepage=alway", "transparent_hugepage= cannot parse, ignored",
     "cannot parse, ignored"),
    ("thp_anon=16K", "thp_anon=16K: error parsing string, ignoring setting", "error parsing"),
    ("numa_balancing=on", "Unable to parse numa_balancing=", "Unable to parse numa_balancing="),
    ("swapaccount=0", "The swapaccount=0 commandline option is deprecated in favor of configuring "
                      "swap control via cgroupfs.", "is deprecated"),
    ("zram.num_disks=2", "zram: unknown parameter 'num_disks' ignored", "unknown parameter"),
    ("mitigations=maybe", "Malformed early option 'mitigations'", "Malformed early option")])
@pytest.mark.parametrize("stamp", ["", "[    0.123456] ", "[    0.1][    T0] "])
def test_what_a_kernel_refuses_as_it_boots(tmp_path: Path, words: str, line: str, says: str,
                                           stamp: str) -> None:
    path = image(tmp_path)
    (tmp_path / ineffective.CONSOLE).write_text(f"[    0.000000] Linux version\n{stamp}{line}\n")
    found = ineffective.measured(kernel(path), [words], tmp_path)
    assert says in found[ineffective.METRIC].evidence
    assert ineffective.measured(kernel(path), ["nosmp"], tmp_path) == {}


def test_what_a_kernel_without_symbols_passes_over_by_its_own_word(tmp_path: Path) -> None:
    path = image(tmp_path, "lz4", symbols=False)
    (tmp_path / ineffective.CONSOLE).write_text(
        '[    0.1] Unknown kernel command line parameters "ours=1 swapiness=1", will be passed to '
        "user space.\n")
    found = ineffective.measured(kernel(path), ["nosmp swapiness=1"], tmp_path)
    assert found[ineffective.METRIC].evidence == "swapiness=1"


def test_a_sample_says_what_its_kernel_passes_over(tmp_path: Path) -> None:
    path = image(tmp_path)
    found = ineffective.measured(kernel(path), ["zswap.enabled=1", "nosmp"], tmp_path)
    assert found[ineffective.METRIC].value == 1
    assert found[ineffective.METRIC].evidence == "zswap.enabled"
