# SPDX-License-Identifier: GPL-2.0-only
"""kernels/ with a tree that answers to make in a second."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner import paths

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"
PATCH = ("--- a/mm/swapfile.c\n+++ b/mm/swapfile.c\n@@ -2,4 +2,4 @@\n int swap_slots(void)\n {\n"
         "-\treturn 64;\n+\treturn 128;\n }\n")
BROKEN = PATCH.replace("+\treturn 128;", "+\treturn one_more;")


def lay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache, a configuration, kernels/ with a source 'toy' and two series."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(paths, "KERNELS", tmp_path / "kernels")
    kernels = tmp_path / "kernels"
    shutil.copytree(TOY, tmp_path / "toy")
    (kernels / "config").mkdir(parents=True)
    (kernels / "config/base.config").write_text("CONFIG_SWAP=y\n")
    (kernels / "config/perf.config").write_text("CONFIG_LOCK_STAT=n\n")
    (kernels / "config/lockstat.config").write_text("CONFIG_LOCK_STAT=y\n")
    (kernels / "config/debug.config").write_text("CONFIG_LOCK_STAT=n\n")
    (kernels / "versions.toml").write_text('format = 1\nseen = ["6.1"]\n')
    define(kernels, "")
    for name, text in (("more", PATCH), ("broken", BROKEN)):
        (kernels / "series" / name).mkdir(parents=True)
        (kernels / "series" / name / "series").write_text("one.patch\n")
        (kernels / "series" / name / "one.patch").write_text(text)
        (kernels / "series" / name / "README").write_text(f"# {name} slots\n")
    return tmp_path


def define(kernels: Path, more: str) -> None:
    (kernels / "kernels.toml").write_text(
        f'[source.toy]\nkind = "dir"\npath = "../toy"\ndescription = "small"\n{more}\n')


def compiled(built_key: str) -> list[str]:
    log = paths.cache() / "images" / built_key / "build.log"
    return sorted(line.split()[1] for line in log.read_text().splitlines()
                  if line.startswith("  CC"))
