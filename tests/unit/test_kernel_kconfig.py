# SPDX-License-Identifier: GPL-2.0-only
"""Why options vanish: out of Kconfig files, and what is known of versions."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from runner.kernel import fragments, kconfig, versions
from runner.kernel.fragments import Request

KCONFIG = """\
config PLAIN
\tbool "plain"
\tdepends on NET && !QUIET
config NET
\tbool "net"
config QUIET
\tdef_bool y
config HIDDEN
\tdef_bool n
if EXPERT
config INSIDE
\tbool "inside"
\tdepends on HIDDEN
endif
config SYSCTL
\tbool "sysctl"
config EITHER
\tbool "either"
\tdepends on ONE || \\
\t\tTWO
"""


@pytest.fixture
def src(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tree = tmp_path / "tree"
    (tree / "mm").mkdir(parents=True)
    (tree / "arch/arm").mkdir(parents=True)
    (tree / "mm/Kconfig.x").write_text(KCONFIG)
    (tree / "arch/arm/Kconfig").write_text("config PROC_SYSCTLS\n")
    (tree / "Makefile").write_text("# x\nVERSION = 7\nPATCHLEVEL = 4\nSUBLEVEL = 1\n")
    monkeypatch.setattr(paths, "KERNELS", tmp_path)
    (tmp_path / "versions.toml").write_text(
        'format = 1\nseen = ["6.12", "6.9"]\n[option.OLD_NAME]\nrenamed = "NEW_NAME=n"\n'
        'means = "nothing"\n')
    return tree


@pytest.mark.parametrize("option, value, says", [
    ("PROC_SYSCTL", "y", "no such option in this source, perhaps it is CONFIG_SYSCTL=y "
     "there; add ' or CONFIG_SYSCTL=y' to the line, or put \"PROC_SYSCTL\" into the "),
    ("OLD_NAME", "y", "perhaps it is CONFIG_NEW_NAME=n there; add ' or CONFIG_NEW_NAME=n' to"),
    ("XYZZY", "y", "no such option in this source; put \"XYZZY\" into the source's 'without'"),
    ("PLAIN", "y", "a dependency says no (CONFIG_NET is off, CONFIG_QUIET is on); add "
     "'CONFIG_NET=y' to a fragment of the source, or put"),
    ("INSIDE", "y", "a dependency says no (CONFIG_EXPERT is off, CONFIG_HIDDEN is off); put"),
    ("EITHER", "y", "a dependency says no (CONFIG_ONE is off)"),
    ("QUIET", "n", "came out y: something else selects it"),
    ("SYSCTL", "y", "came out off: a choice or a range says otherwise")])
def test_reasons(src: Path, option: str, value: str, says: str) -> None:
    came = fragments.values("CONFIG_QUIET=y\n# CONFIG_NET is not set\n")
    (line,) = kconfig.explain([Request(option, value, "x.config:7")], came, src)
    assert line.startswith(f"x.config:7: CONFIG_{option}={value}: ") and says in line


def test_versions(src: Path) -> None:
    assert kconfig.version(src) == "7.4" and kconfig.version(src / "mm") == ""
    assert versions.unseen("7.4") and versions.unseen("6.13")
    assert not versions.unseen("6.12") and not versions.unseen("5.10") and not versions.unseen("")
    assert versions.means("NEW_NAME") == versions.means("OLD_NAME") == "nothing"


def test_the_checkouts_own() -> None:
    found = versions.read(versions.place())
    assert {"6.1", "6.12", "7.3"} <= set(found.seen)
    asked = {way.option for one in fragments.parse(paths.KERNELS / "config/base.config")
             for way in one.ways() if one.others}
    told = {name for option, one in found.options.items()
            for name in (option, one.renamed.partition("=")[0])}
    assert asked - told <= {"PREEMPT", "PREEMPT_LAZY"}, "an alternative that nothing explains"


def test_wrong_versions_file(tmp_path: Path) -> None:
    (tmp_path / "v.toml").write_text('format = 1\nsen = ["6.1"]\n')
    with pytest.raises(UsageError, match="sen: is not known"):
        versions.read(tmp_path / "v.toml")
