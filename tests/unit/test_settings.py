# SPDX-License-Identifier: GPL-2.0-only
"""Variants: their names, what they mean, what is refused, and whether they took effect."""
from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import tomltext
from runner.asked import Experiment
from runner.errors import UsageError
from runner.experiment import plan
from runner.judge import able, effect
from runner.kernel import spec
from runner.records import BuiltKernel
from runner.settings import variant, words
from runner.settings.words import Knob

TOP = """\
format = 1
base = "6.1:vanilla"
test = [{test}]
tiers = ["exact"]
[guest]
ram_mib = 256
[workload]
ratio = 1.5
"""


def load(folder: Path, *test: str, more: str = "", base: str = "6.1:vanilla",
         kernels: tuple[str, ...] | None = None) -> Experiment:
    file = folder / "x.toml"
    file.write_text(TOP.format(test=", ".join(f"'{one}'" for one in test)).replace(
        "6.1:vanilla", base, 1) + more)
    return plan.load(file, kernels)


@pytest.mark.parametrize(("written", "name"), [
    ("6.12:vanilla{zswap=on, swappiness=10}", "6.12:vanilla{swappiness=10, zswap=on}"),
    ("6.12:vanilla{ swappiness = 010,zswap=Y }", "6.12:vanilla{swappiness=10, zswap=on}"),
    ("6.1:vanilla{}", "6.1:vanilla"),
    ("6.1:vanilla", "6.1:vanilla"),
    ('6.1:vanilla{vm.overcommit_kbytes="1, 2"}', '6.1:vanilla{vm.overcommit_kbytes="1, 2"}'),
    ("6.1:vanilla{boot.nosmt=}", '6.1:vanilla{boot.nosmt=""}'),
])
def test_the_same_settings_make_the_same_name(written: str, name: str) -> None:
    found = variant.parse(written)
    assert found.name == name
    assert variant.parse(found.name) == found
    assert variant.kernel_of(name) == name.partition("{")[0]
    assert spec.parse(written).source == spec.parse(name.partition("{")[0]).source


@given(st.dictionaries(st.sampled_from(["vm.a", "vm.b", "/sys/kernel/mm/c", "boot.d"]),
                       st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1,
                               max_size=20)))
def test_any_value_reads_back(settings: dict[str, str]) -> None:
    name = variant.Variant("6.1:vanilla", tuple(sorted(settings.items()))).name
    assert dict(variant.parse(name).settings) == settings


@pytest.mark.parametrize(("written", "said"), [
    ("6.1:vanilla{zswp=on}", "'zswp' is not a setting; settings: swappiness"),
    ("6.1:vanilla{zswp=on}", "did you mean zswap?"),
    ("6.1:vanilla{thp=sometimes}", "'sometimes' is not one of always, madvise, never"),
    ("6.1:vanilla{swappiness=300}", "'300' is not a whole number in 0..200"),
    ("6.1:vanilla{mthp.48=always}", "large folios are of 16, 32, 64"),
    ("6.1:vanilla{mthp.64=often}", "'often' is not one of always, inherit"),
    ("6.1:vanilla{zswap=maybe}", "'maybe' is not on or off"),
    ("6.1:vanilla{zswap=on, zswap=off}", "zswap is set twice"),
    ("6.1:vanilla{zswap=on,}", "nothing stands after the last comma"),
    ("6.1:vanilla{fast}", "neither NAME=VALUE nor a set"),
    ("6.1:vanilla{guest.accelerator=kvm}", "is the experiment's, of all its kernels"),
    ("6.1:vanilla{/etc/passwd=x}", "is not a file below /sys or /proc/sys"),
    ("6.1:vanilla{/sys/../etc/passwd=x}", "is not a file below /sys or /proc/sys"),
    ("6.1:vanilla{zswap=on", "the shell takes braces for its own"),
    ("6.1:vanilla{a=b}c", "one pair of braces at the end"),
    ("6.1:vanilla{=1}", "is not NAME=VALUE"),
])
def test_what_is_no_setting_is_refused_in_one_line(written: str, said: str) -> None:
    with pytest.raises(UsageError, match=".*") as error:
        variant.parse(written)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_reports_show_the_difference(tmp_path: Path) -> None:
    found = load(tmp_path, "6.1:vanilla{swappiness=10}", "6.1:vanilla{swappiness=20, mglru=on}",
                 more="[settings]\nvm.page-cluster = 0\nswappiness = 5\n")
    assert found.kernels == ("6.1:vanilla{swappiness=5}", "6.1:vanilla{swappiness=10}",
                             "6.1:vanilla{mglru=on, swappiness=20}")
    assert found.rules.base == found.kernels[0]
    assert found.shared == "{vm.page-cluster=0}"
    assert found.written[1] == "6.1:vanilla{swappiness=10, vm.page-cluster=0}"
    # As a campaign is gone on with: by the whole names, and its base as it is shown.
    again = plan.load(found.file, found.written, found.rules.base)
    assert (again.kernels, again.rules.base, again.shared, again.variants) == (
        found.kernels, found.rules.base, found.shared, found.variants)


def test_what_all_say_is_shown_once(tmp_path: Path) -> None:
    found = load(tmp_path, "6.1:batched{mglru=on, swappiness=1}", base="6.1:vanilla{mglru=on}")
    assert found.kernels == ("6.1:vanilla", "6.1:batched{swappiness=1}")
    assert found.shared == "{mglru=on}"
    assert [one.asked for one in found.variants["6.1:vanilla"].knobs] == ["mglru=on"]


def test_sets_stand_for_settings(tmp_path: Path) -> None:
    sets = '[variants.squeezed]\nzswap = true\n"zswap.compressor" = "lz4"\n'
    found = load(tmp_path, "6.1:vanilla{squeezed, swappiness=1}", more=sets)
    name = "6.1:vanilla{swappiness=1, zswap=on, zswap.compressor=lz4}"
    assert found.kernels[1] == name
    # The compressor first: switched on before, a pool of the other would be made.
    assert [one.path.rpartition("/")[2] for one in found.variants[name].knobs] == [
        "swappiness", "compressor", "enabled"]
    assert plan.flavour(found, "exact", "pmem") == "perf+devices+compress"
    assert plan.flavour(load(tmp_path, "6.1:batched"), "exact", "pmem") == "perf"


def test_machine_and_load_are_settings(tmp_path: Path) -> None:
    found = load(tmp_path, "6.1:vanilla{guest.ram_mib=512, workload.compressible=0, boot.quiet=}")
    own = found.under(found.kernels[1])
    assert own.guest.ram == 512 << 20 and "--compressible" in own.workload.options
    assert own.guest.cmdline == ("quiet",)
    assert found.under(found.kernels[0]) == found


@pytest.mark.parametrize(("test", "said"), [
    ("6.1:vanilla", "is the base; a kernel is not compared with itself"),
    ("6.1:vanilla{guest.ram_mib=1}", "guest.ram_mib=1: 1 is not in 128..1048576"),
    ("6.1:vanilla{guest.rams=1}", "is not known here"),
    ("6.1:vanilla{workload.memcg_mib=900}", "a limit of 900 MiB is none in a guest of 256 MiB"),
    ("6.1:vanilla{zswap=on}, 6.1", ":3: test: "),
])
def test_a_variant_is_checked_as_its_experiment_is(tmp_path: Path, test: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        load(tmp_path, test)
    assert said in str(error.value)


def test_the_same_kernel_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is named twice"):
        load(tmp_path, "6.1:vanilla{mglru=on}", "6.1:vanilla{mglru=y}")


@pytest.mark.parametrize(("asked", "read", "holds"), [
    ("10", "10\n", True), ("10", "60", False), ("Y", "Y", True), ("Y", "N", False),
    ("y", "0x0007", True), ("n", "0x0000", True), ("y", "0x0000", False),
    ("always", "[always] madvise never", True), ("always", "always [madvise] never", False),
    ("lz4", "lzo [lzo-rle] lz4", False), ("lz4", "lz4", True), ("on", "1", True),
    ("true", "false", False), ("0x10", "16", True), ("10", "!2", False), ("", "", True),
    ("1 2", "1\t2", True),
])
def test_what_a_file_reads_says_whether_it_took_the_value(asked: str, read: str,
                                                          holds: bool) -> None:
    assert words.taken(Knob("x=y", "/proc/sys/x", asked), read) is holds


def _reasons(folder: Path, before: str, after: str | None = None) -> list[str]:
    found = load(folder, "6.1:vanilla{swappiness=10}")
    (folder / effect.BEFORE).write_text(before)
    if after is not None:
        (folder / effect.AFTER).write_text(after)
    under = found.variants[found.kernels[1]]
    return [str(one) for one in effect.reasons(under, _kernel(folder), folder)]


def test_a_setting_without_effect_spoils_the_sample(tmp_path: Path) -> None:
    path = "/proc/sys/vm/swappiness"
    good = f"{path} 0 10\n"
    assert _reasons(tmp_path, good, good) == []
    assert _reasons(tmp_path, f"{path} 22 60\n", good) == [
        f"swappiness=10 did not take effect: the kernel refused it (Invalid argument); {path} "
        "reads '60' before the load (before.settings)"]
    assert _reasons(tmp_path, good, f"{path} 0 60\n") == [
        f"swappiness=10 did not take effect: {path} reads '60' after the load (after.settings)"]
    assert "there is no such file" in _reasons(tmp_path, f"{path} 2 !2\n")[0]
    (tmp_path / effect.AFTER).unlink()
    assert _reasons(tmp_path, good) == [
        "after.settings: missing from the evidence; see its console.log and channel.bin for how "
        "far the guest came"]
    assert "is no setting" in _reasons(tmp_path, "\x1b[2J\n")[0]


def test_a_parameter_without_effect_spoils_the_sample(tmp_path: Path) -> None:
    found = load(tmp_path, "6.1:vanilla{boot.numa_balancing=often, swappiness=1}")
    under = dataclasses.replace(found.variants[found.kernels[1]], knobs=())
    (tmp_path / "console.log").write_text("[    0.1] Unable to parse numa_balancing=\n")
    said, = effect.reasons(under, _kernel(tmp_path), tmp_path)
    assert str(said) == "did not take effect: Unable to parse numa_balancing="


def _kernel(folder: Path, symbols: str = "", config: str = "", data: bytes = b"") -> BuiltKernel:
    (folder / "bzImage").write_bytes(data)
    (folder / "System.map").write_text(symbols)
    (folder / "config").write_text(config)
    return BuiltKernel("6.1:vanilla", "perf", "k", "6.1.192", folder / "bzImage", "s")


def test_large_folios_are_of_kernels_that_have_them(tmp_path: Path) -> None:
    knob = words.meaning("mthp.64", "always").knob
    assert knob is not None
    old = _kernel(tmp_path, "ffffffff81000000 T start\n")
    assert "has no large folios of 64 KiB" in able.lacks(old, knob)
    assert not able.lacks(_kernel(
        tmp_path, "ffffffff82a5c0d8 B huge_anon_orders_always\n"), knob)
    (tmp_path / "System.map").unlink()
    assert able.lacks(old, knob)
    assert not able.lacks(dataclasses.replace(old, release="6.12.1-amd64"), knob)


def test_compressors_are_those_of_the_configuration(tmp_path: Path) -> None:
    def lacks(name: str, value: str, config: str) -> str:
        knob = words.meaning(name, value).knob
        assert knob is not None
        place = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        place.mkdir()
        return able.lacks(_kernel(place, config=config), knob)
    assert not lacks("zswap.compressor", "lz4", "CONFIG_CRYPTO_LZ4=y\n")
    assert "no compressor zstd" in lacks("zswap.compressor", "zstd", "CONFIG_CRYPTO_LZ4=y\n")
    assert not lacks("zram.compressor", "lzo-rle", "CONFIG_CRYPTO_LZO=y\n")
    # Since 6.12 zram does not compress by the crypto API.
    assert "no compressor lz4" in lacks(
        "zram.compressor", "lz4", "CONFIG_CRYPTO_LZ4=y\nCONFIG_ZRAM_BACKEND_LZO=y\n")


def test_tables_are_written_down_as_they_are_read(tmp_path: Path) -> None:
    text = '[settings]\n"vm.swappiness" = 3\n[variants.a.zswap]\nenabled = "no"\n'
    data = tomllib.loads(text)
    assert tomllib.loads("\n".join(tomltext.lines(data))) == data
