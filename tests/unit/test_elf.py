# SPDX-License-Identifier: GPL-2.0-only
"""ELF dependencies, held against what the loader itself says."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.vm import elf

PROGRAM = Path("/usr/bin/python3").resolve()


@pytest.mark.parametrize("name", ["python3", "fio", "perf", "stress-ng", "ndctl", "git"])
def test_closure_is_the_loaders(name: str) -> None:
    path = shutil.which(name, path="/usr/bin:/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    said = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    wanted = dict(re.findall(r"^\s(\S+) => (/\S+)", said, re.MULTILINE))
    found = elf.closure(Path(path))
    assert set(found) == set(wanted) and found
    for library, file in found.items():
        assert file.resolve() == Path(wanted[library]).resolve()
    assert elf.read(Path(path)).interpreter in said


def test_static_program_needs_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", tmp_path / "a", source], check=True)
    assert elf.closure(tmp_path / "a") == {}
    assert elf.read(tmp_path / "a").interpreter == ""


def test_own_folder_comes_first(tmp_path: Path) -> None:
    """RUNPATH with $ORIGIN, and a library that is nowhere."""
    (tmp_path / "lib.c").write_text("int f(void) { return 1; }\n")
    (tmp_path / "main.c").write_text("int f(void); int main(void) { return f(); }\n")
    (tmp_path / "libs").mkdir()
    library = tmp_path / "libs" / "libown.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "lib.c"], check=True)
    program = tmp_path / "main"
    subprocess.run(["gcc", "-o", program, tmp_path / "main.c", f"-L{library.parent}", "-lown",
                    "-Wl,-rpath,$ORIGIN/libs"], check=True)
    assert elf.closure(program)["libown.so"] == library
    library.unlink()
    with pytest.raises(CannotMeasure, match=r"main: its library libown.so is in none of"):
        elf.closure(program)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 4095), byte=st.integers(0, 255), length=st.integers(0, 1 << 16))
def test_damage_is_said_in_one_line(tmp_path: Path, at: int, byte: int, length: int) -> None:
    data = bytearray(PROGRAM.read_bytes()[:length])
    if at < len(data):
        data[at] = byte
    file = tmp_path / "damaged"
    file.write_bytes(data)
    try:
        elf.read(file)
    except CannotMeasure as error:
        assert str(error).startswith(str(file)) and str(error).isprintable()


def test_no_program(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="setup/install: is not a 64-bit x86 program"):
        elf.read(Path(__file__).parents[2] / "setup" / "install")
    with pytest.raises(CannotMeasure, match="absent: cannot be read: No such file"):
        elf.read(tmp_path / "absent")
