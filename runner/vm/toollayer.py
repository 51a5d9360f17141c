# SPDX-License-Identifier: GPL-2.0-only
"""The second layer of a guest's initramfs: tools of this host with all they load.

A tool brings tens of MiB along, which lie in the guest's RAM for good (in
ramfs: a tmpfs would be swapped out, and counted).  So a guest is given as much
RAM on top, and a boot whose job names no tool has no such layer.
"""
from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.errors import CannotMeasure
from runner.records import MIB
from runner.vm import elf, initramfs

LIBRARIES = "lib/x86_64-linux-gnu"    # the loader's first folder without a configuration
JOBS = "jobs"                         # job files of the tools
CMDLINE = ("rootfstype=ramfs",)
#: The agent runs it in the guest, where there is no PATH to look in.
BIN = "bin"
_FOLDERS = "/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin"


@dataclass(frozen=True)
class Tool:
    """A program of the host that guests can be given."""

    name: str
    package: str                      # Debian's
    jobs: str = ""                    # folder of workloads/ with its job files
    starts: tuple[str, ...] = ()      # programs that it starts
    file: str = ""                    # what it is called here, where that is another name


TOOLS = {tool.name: tool for tool in (
    Tool("fio", "fio", "fio"), Tool("perf", "linux-perf"), Tool("ndctl", "ndctl"),
    Tool("stress-ng", "stress-ng"), Tool("gcc", "gcc", starts=("cc1", "as")),
    # One program goes by its name; the packages of the servers would start a service here.
    Tool("redis-server", "redis-tools", file="redis-check-rdb"),
    Tool("redis-benchmark", "redis-tools"),
    Tool("valkey-server", "valkey-tools", file="valkey-check-rdb"),
    Tool("valkey-benchmark", "valkey-tools"))}


def find(name: str) -> Path:
    """The tool on this host; CannotMeasure names the package to install."""
    tool = TOOLS[name]
    path = shutil.which(tool.file or name, path=_FOLDERS)
    if path is None:
        raise CannotMeasure(f"{name}: is not installed, and the experiment's guests run it; "
                            f"install package {tool.package} (apt-get install {tool.package})")
    return Path(path)


def _started(tool: Path, name: str) -> Path:
    """A program that `tool` starts; in the guest it finds it by PATH."""
    said = subprocess.run([str(tool), f"-print-prog-name={name}"], capture_output=True, text=True,
                          check=False).stdout.strip()
    place = shutil.which(said, path=_FOLDERS)
    if place is None:
        raise CannotMeasure(f"{name}: {tool} does not find it; install its package again")
    return Path(place)


def files(names: Iterable[str]) -> dict[str, Path]:
    """Path in the guest -> file of this host, of these tools and all they load."""
    held: dict[str, Path] = {}
    for name in sorted(set(names)):
        tool = find(name)
        programs = {name: tool} | {start: _started(tool, start) for start in TOOLS[name].starts}
        for called, program in programs.items():
            held[f"{BIN}/{called}"] = program
            loader = elf.read(program).interpreter
            if loader:
                held[loader.lstrip("/")] = Path(loader)
            held |= {f"{LIBRARIES}/{library}": file
                     for library, file in elf.closure(program).items()}
        if TOOLS[name].jobs:
            held |= {f"{JOBS}/{path.name}": path
                     for path in (paths.ROOT / "workloads" / TOOLS[name].jobs).iterdir()}
    return held


@functools.lru_cache(maxsize=4)
def _archive(names: tuple[str, ...]) -> bytes:
    members = {file: path.read_bytes() for file, path in sorted(files(names).items())}
    folders = {str(parent) for file in members for parent in Path(file).parents} - {".", BIN}
    return initramfs.archive([
        *((folder, initramfs.FOLDER, b"") for folder in (*sorted(folders), "tmp", "run")),
        *((file, initramfs.PROGRAM, data) for file, data in members.items())])


def layer(names: Iterable[str]) -> bytes:
    """The archive with these tools; b'' for none.  CannotMeasure where one is not there."""
    wanted = tuple(sorted(set(names)))
    return _archive(wanted) if wanted else b""


def ram(names: Iterable[str]) -> int:
    """Bytes of RAM that a guest with these tools is given on top, in whole MiB."""
    return -(-len(layer(names)) // MIB) * MIB


#: Of a guest's own RAM, beside as much as it is given on top: until a layer is unpacked its archive
#: lies in RAM, too.  With fio and perf, 107 MiB, a guest of 136 MiB did not boot, one of 144 did.
_UNPACKING = 40 * MIB


def least_ram(names: Iterable[str]) -> int:
    """Bytes of RAM of its own that a guest takes these tools into; 0 without any."""
    size = ram(names)
    return size + _UNPACKING if size else 0
