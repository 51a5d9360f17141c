# SPDX-License-Identifier: GPL-2.0-only
"""Guests without a kernel, run on the simulated machine: what they are made of and how they end.

A figure of the simulated machine is a round number here, so that what a guest comes to can be
computed beside it.  Times are in femtoseconds.
"""
from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.vm import flat, newqemu

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "build" / "lockstep.so"
SOURCES = Path(__file__).with_name("guest")

HIGH = 0xFFFFFFFF80000000
DATA = HIGH + 0x400000          # as start.s has it
DONE = 0x10 * 2 + 1             # QEMU's exit status when the guest ends itself
_NAMED = 0x20                   # where the image holds the two addresses
_SECONDS = 120.0                # a guest that hangs

INSTRUCTION = 250_000
NEAR = 40_000_000
FAR = 120_000_000
BYTE = 100_000


@dataclass(frozen=True)
class Simulated:
    """What the machine file says; quantum in instructions."""

    cpus: int
    sockets: tuple[int, ...] = ()
    quantum: int = 20
    seed: int = 0
    most_lines: int = 10_000
    named: str = ""                 # what the addresses of `named` are: leaf, bulk, span lock
    more: tuple[str, ...] = ()

    @property
    def quantum_fs(self) -> int:
        return self.quantum * INSTRUCTION

    def text(self, named: tuple[int, int]) -> str:
        sockets = self.sockets or (0,) * self.cpus
        lines = [f"cpus {self.cpus}", f"instruction_fs {INSTRUCTION}", f"near_fs {NEAR}",
                 f"far_fs {FAR}", f"byte_fs {BYTE}", f"quantum_fs {self.quantum_fs}",
                 f"skew_seed {self.seed}", f"most_lines {self.most_lines}",
                 f"range {HIGH:#x} {1 << 30}",
                 *(f"socket {cpu} {socket}" for cpu, socket in enumerate(sockets))]
        for what in self.named.split(","):
            if what in ("leaf", "bulk"):
                lines.append(f"{what} {named[0]:#x} {named[1]:#x}")
            elif what:
                lines.append(f"{what} {named[0]:#x}")
        return "\n".join([*lines, *self.more]) + "\n"


@dataclass(frozen=True)
class Guest:
    """An assembled guest."""

    image: Path
    named: tuple[int, int]


@dataclass(frozen=True)
class End:
    """How QEMU ended."""

    status: int
    stderr: str
    text: str                                  # the plugin's JSON, '' where it wrote none
    json: dict[str, Any] = field(default_factory=dict)

    def total(self, counter: str) -> int:
        return sum(cpu["window"][counter] for cpu in self.json["cpus"])


def assemble(folder: Path, work: str, **symbols: int) -> Guest:
    """`work` is a file of guest/; symbols are what start.s and it want."""
    source, image = folder / f"{work}.s", folder / work
    source.write_text("".join(f'\t.set\t{name}, {value}\n' for name, value in symbols.items())
                      + "".join(f'\t.include "{SOURCES / part}.s"\n' for part in ("start", work)))
    flat.assemble(source, image)
    start, end = struct.unpack_from("<QQ", image.read_bytes(), _NAMED)
    return Guest(image, (start, end))


def command(guest: Guest, cpus: int, plugin: str | None) -> list[str]:
    """QEMU for the guest, with -plugin `plugin`."""
    qemu = newqemu.lockstep_qemu()
    return [qemu.program, *qemu.args, "-nodefaults", "-no-user-config", "-display", "none",
            "-nic", "none", "-no-reboot", "-machine", "pc-i440fx-7.1",
            "-cpu", "qemu64,-rdrand,-rdseed", "-accel", "tcg,thread=single",
            "-icount", "shift=0,sleep=off,align=off",
            "-rtc", "base=2020-01-01T00:00:00,clock=vm", "-seed", "1", "-smp", str(cpus),
            "-m", "64M", "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
            "-kernel", str(guest.image), *(["-plugin", plugin] if plugin else [])]


def run(folder: Path, guest: Guest, machine: Simulated, prefix: tuple[str, ...] = ()) -> End:
    """The guest on the machine; `prefix` goes before QEMU's command line."""
    file, out = folder / "machine.txt", folder / "lockstep.json"
    file.write_text(machine.text(guest.named))
    out.unlink(missing_ok=True)
    argv = command(guest, machine.cpus, f"{PLUGIN},machine={file},out={out}")
    done = subprocess.run([*prefix, *argv], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", check=False, timeout=_SECONDS)
    text = out.read_text() if out.exists() else ""
    return End(done.returncode, done.stderr, text, json.loads(text) if text else {})


def answer(folder: Path, work: str, machine: Simulated, **symbols: int) -> End:
    """Assemble and run; a guest that ended itself, with a whole window."""
    end = run(folder, assemble(folder, work, CPUS=machine.cpus, **symbols), machine)
    assert end.status == DONE and not end.stderr, end
    assert end.json["told_apart"] and end.json["told"] == machine.cpus
    assert end.json["begun"] == 1 and end.json["ended"] == 1
    assert not end.json["lost"] and not end.json["dropped"]
    return end
