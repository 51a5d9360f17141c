# SPDX-License-Identifier: GPL-2.0-only
"""What the plugin is told of the machine and of the kernel; lockstep/machine.h has the format."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.lockstep.machinefile import Machine
from runner.lockstep.symbols import Symbols
from runner.records import PAGE_SIZE

_FS = 1e6                     # femtoseconds of a nanosecond

#: Linux, Documentation/arch/x86/x86_64/mm.rst, four levels, nokaslr: the direct map (the nvdimm
#: lies from 4 GiB on), vmalloc, struct pages of the former, kernel and modules, CPU entry areas.
RANGES = (("direct map", 0xFFFF888000000000, 64 << 30), ("vmalloc", 0xFFFFC90000000000, 4 << 30),
          ("struct pages", 0xFFFFEA0000000000, 1 << 30), ("kernel", 0xFFFFFFFF80000000, 1 << 30),
          ("CPU entry area", 0xFFFFFE0000000000, 1 << 30))
#: Lines by pair of code that may change hands; 16 threads over 50,000 pages: some 0.6 million.
MOST_LINES = 4 << 20

#: Functions that act for their caller: what they touch is named after it.
_LEAVES = ("_raw_spin_", "_raw_read_", "_raw_write_", "queued_spin_lock_slowpath",
           "native_queued_spin_lock_slowpath", "queued_read_lock_slowpath",
           "queued_write_lock_slowpath", "__list_add_valid", "__list_del_entry_valid")
#: They copy or zero a whole page.
_BULK = ("clear_page_orig", "clear_page_rep", "clear_page_erms", "copy_page", "copy_page_regs",
         "__memcpy_flushcache", "memcpy_flushcache")
#: Time in them is waiting for a spin lock; it is their first argument.
_WAITS = ("queued_spin_lock_slowpath", "native_queued_spin_lock_slowpath")
_TICK = "asm_sysvec_apic_timer_interrupt"

#: Pointers that tell where the kernel put what everybody fights over.
POINTERS = (("swap_info", 4), ("node_data", 8), ("root_mem_cgroup", 1), ("swapper_spaces", 4))
PER_CPU_OFFSETS = "__per_cpu_offset"


@dataclass(frozen=True)
class Simulation:
    """One run of the plugin."""

    machine: Machine
    vcpus: int
    quantum: int              # instructions
    perturbation: int         # 0: all vCPUs begin at one time

    def socket(self, vcpu: int) -> int:
        """As runner.vm.numa deals vCPUs out to nodes."""
        return vcpu * self.machine.sockets // self.vcpus


def _fs(ns: float) -> int:
    return round(ns * _FS)


def _machine(run: Simulation) -> Iterator[str]:
    figures = {name: figure.value for name, figure in run.machine.figures.items()}
    yield f"cpus {run.vcpus}"
    yield from (f"socket {vcpu} {run.socket(vcpu)}" for vcpu in range(run.vcpus))
    instruction = _fs(figures["ns_per_instruction"])
    yield f"instruction_fs {instruction}"
    yield f"near_fs {_fs(figures['near_ns'])}"
    yield f"far_fs {_fs(figures['far_ns'])}"
    yield f"byte_fs {_fs(figures['page_ns'] / PAGE_SIZE)}"
    yield f"quantum_fs {instruction * run.quantum}"
    yield f"skew_seed {run.perturbation}"
    yield f"most_lines {MOST_LINES}"
    yield from (f"range {start:#x} {size}" for _, start, size in RANGES)


def _kernel(symbols: Symbols, vcpus: int) -> Iterator[str]:
    for leaf in symbols.beginning(*_LEAVES):
        yield f"leaf {leaf.start:#x} {leaf.end:#x}"
    for name in _BULK:
        if symbol := symbols.named(name):
            yield f"bulk {symbol.start:#x} {symbol.end:#x}"
    for name in _WAITS:
        if symbol := symbols.named(name):
            yield f"span lock {symbol.start:#x}"
    if tick := symbols.named(_TICK):
        yield f"span irq {tick.start:#x}"
    for name, count in (*POINTERS, (PER_CPU_OFFSETS, vcpus)):
        if symbol := symbols.named(name):
            yield from (f"peek {symbol.start + 8 * place:#x}" for place in range(count))


def text(run: Simulation, symbols: Symbols) -> str:
    """The file for one boot of the kernel with these symbols."""
    lines = [f"# {run.machine.name}, {run.machine.title}", *_machine(run),
             *dict.fromkeys(_kernel(symbols, run.vcpus))]
    return "\n".join(lines) + "\n"
