# SPDX-License-Identifier: GPL-2.0-only
"""The tools layer: what is in it, and one line where a tool is not there."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.records import MIB
from runner.vm import toollayer

INSTALLED = [name for name, tool in toollayer.TOOLS.items()
             if shutil.which(tool.file or name, path="/usr/bin:/usr/sbin")]


def test_none_named_is_no_layer() -> None:
    assert toollayer.layer(()) == b"" and toollayer.ram(()) == 0


@pytest.mark.parametrize("name", INSTALLED)
def test_tool_starts_in_what_the_layer_holds(name: str, tmp_path: Path) -> None:
    """Every library is there: the layer's own loader resolves all of them, and nothing else."""
    layer = toollayer.layer([name])
    subprocess.run(["cpio", "-i", "--quiet", "--make-directories"], input=layer, cwd=tmp_path,
                   check=True)
    loader = next((tmp_path / "lib64").iterdir())
    said = subprocess.run([loader, "--inhibit-cache", "--library-path",
                           tmp_path / toollayer.LIBRARIES, "--list", tmp_path / "bin" / name],
                          capture_output=True, text=True, check=True).stdout
    assert "not found" not in said and str(tmp_path) in said
    assert len(layer) <= toollayer.ram([name]) < len(layer) + MIB


def test_same_tools_same_bytes() -> None:
    if not INSTALLED:
        pytest.skip("no tool is installed")
    twice = [INSTALLED[0], INSTALLED[0]]
    assert toollayer.layer(twice) == toollayer.layer(INSTALLED[:1])


def test_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(toollayer.TOOLS, "no-such-tool", toollayer.Tool("no-such-tool", "such"))
    with pytest.raises(CannotMeasure) as caught:
        toollayer.layer(["no-such-tool"])
    assert str(caught.value) == ("no-such-tool: is not installed, and the experiment's guests run "
                                 "it; install package such (apt-get install such)")
