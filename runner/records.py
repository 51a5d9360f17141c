# SPDX-License-Identifier: GPL-2.0-only
"""What crosses the doors between the rooms of the runner."""
from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from pathlib import Path

from runner.reason import Reason
from runner.settings.words import Knob

MIB = 1 << 20
PAGE_SIZE = 4096  # x86-64, the only architecture so far

FLAVOURS = ("perf", "lockstat", "debug", "perf+tools")
DEVICES = ("pmem", "pmem-legacy", "brd", "zram", "virtio-blk", "nvme")
#: The host does their reads and writes, in its own time.
HOST_DEVICES = ("virtio-blk", "nvme")
#: A sample's host: tiers that its campaign left out, each with what its host lacked for it.
LOST = "left_out"
#: A sample's host: settings that all kernels of its campaign had, '{zswap=on}'.
SHARED = "settings"
#: The same: the usemem command line that its load stands for.
PASTED = "usemem"
#: After a flavour's name: with drivers that no flavour holds by itself, so that the kernels
#: of the other devices' cells stay what they were.
DRIVERS = "+devices"
#: After that: with zswap, and with zram's compressors.
COMPRESSORS = "+compress"
#: Behind all of these: with what loads of other people's programs need.
LOADS = "+loads"


def plain(flavour: str) -> str:
    """The flavour without what was added to it."""
    return flavour.removesuffix(LOADS).removesuffix(COMPRESSORS).removesuffix(DRIVERS)


class Accelerator(enum.StrEnum):
    """How the guest's instructions are run; stamped on every sample."""

    KVM = "kvm"
    TCG = "tcg"          # emulated, one host thread per vCPU
    ICOUNT = "icount"    # emulated, one vCPU, virtual time counts instructions
    LOCKSTEP = "lockstep"  # emulated, many vCPUs, each with a simulated clock of its own


#: Their guests' time is counted, so that no time of the host's shows in it.
COUNTED = (Accelerator.ICOUNT, Accelerator.LOCKSTEP)


class Outcome(enum.StrEnum):
    """How a boot ended.  Every one but OK keeps the sample from counting."""

    OK = "ok"
    KERNEL_PANIC = "kernel-panic"
    KERNEL_OOPS = "kernel-oops"
    KERNEL_WARNING = "kernel-warning"
    LOCKUP = "lockup"
    TRIPLE_FAULT = "triple-fault"
    EARLY_HANG = "early-hang"              # never reached the agent
    HUNG_IN_RECLAIM = "hung-in-reclaim"    # heart beats, workload does not move
    GUEST_SILENT = "guest-silent"          # heart stopped
    AGENT_DIED = "agent-died"
    AGENT_ERROR = "agent-error"            # the agent says what failed
    OOM_KILLED = "oom-killed"
    IO_FAILED = "io-failed"                # a read or write of the device; not the kernel's fault
    WORKLOAD_FAILED = "workload-failed"
    TOOL_FAILED = "tool-failed"            # one beside the load hangs; not the kernel's fault
    CORRUPT_CHANNEL = "corrupt-channel"
    FLOODED = "flooded"                    # the guest sent more than its bounds
    QEMU_DIED = "qemu-died"
    QEMU_STOPPED = "qemu-stopped"          # by a signal of somebody's; not the kernel's fault
    TIMEOUT = "timeout"                    # total time limit


#: Ends that are findings about the kernel, not about host, tool or experiment.
FINDINGS = frozenset((Outcome.KERNEL_PANIC, Outcome.KERNEL_OOPS, Outcome.KERNEL_WARNING,
                      Outcome.LOCKUP, Outcome.TRIPLE_FAULT, Outcome.HUNG_IN_RECLAIM))


@dataclass(frozen=True)
class BuiltKernel:
    """A bootable kernel in the cache (or a ready image of the user's)."""

    name: str                 # as the user wrote it: '6.1:vanilla'
    flavour: str              # one of FLAVOURS, with DRIVERS or not; '' for a ready image
    key: str                  # hex: what it was built from
    release: str              # 'uname -r': '6.1.192'
    image: Path
    image_sha256: str
    modules: Path | None = None
    package: str = ""         # 'linux-source-7.3 7.3.4-1~bpo13+1', of Debian's sources
    options: str = ""         # how its options differ from the fragments' first choices: 'A=y -B'


#: Of a swap device: the kernel gives it the next one below 0.
KERNELS_PRIORITY = -1


@dataclass(frozen=True)
class SwapDevice:
    """What a guest swaps to: a device, and others beside it where there are several."""

    kind: str                 # one of DEVICES
    size: int                 # bytes
    spare: int = 0            # bytes of an nvdimm on top: what its namespace keeps for itself
    priority: int = KERNELS_PRIORITY
    node: int | None = None   # NUMA node that an nvdimm lies on
    beside: tuple[SwapDevice, ...] = ()

    @property
    def areas(self) -> tuple[SwapDevice, ...]:
        """All of them, in the order in which they are switched on."""
        return (dataclasses.replace(self, beside=()), *self.beside)


@dataclass(frozen=True)
class ToolStep:
    """One program of the tools layer, run around the workload."""

    name: str                            # of its output: tool.NAME.out, tool.NAME.err
    when: str                            # 'provision', 'before', 'beside', 'window' or 'after'
    argv: tuple[str, ...]
    environment: tuple[str, ...] = ()    # NAME=VALUE


@dataclass(frozen=True)
class Job:
    """What the agent does in one boot; written to the guest as lines."""

    device: SwapDevice
    lock_stat: bool
    workload: tuple[str, ...]            # argv of the one measured step
    heartbeat_ms: int = 250
    tools: tuple[ToolStep, ...] = ()
    programs: tuple[str, ...] = ()       # of the tools layer: what `tools` and `workload` run
    settings: tuple[Knob, ...] = ()      # files of the kernel's, written before all else
    collect: tuple[str, ...] = ()        # files or folders of counters, in every snapshot


@dataclass(frozen=True)
class Boot:
    """One boot to make."""

    kernel: BuiltKernel
    accelerator: Accelerator
    vcpus: int
    ram: int                             # bytes the guest may use, without the device
    job: Job
    evidence: Path                       # folder for raw files; exists and is empty
    cmdline: tuple[str, ...] = ()        # more kernel parameters
    limits: dict[str, float] = field(default_factory=dict)  # overrides of the VM's
    steady: bool = False                 # for times: vCPUs pinned, RAM there from the start
    nodes: int = 1                       # NUMA nodes that share RAM and vCPUs
    simulated: str = ""                  # lockstep: the machine, as its plugin is told


@dataclass(frozen=True)
class BootResult:
    outcome: Outcome
    detail: str                          # one printable line: what was seen, where
    accelerator: Accelerator
    wall_seconds: float
    qemu_status: int | None              # exit status; None if we had to kill it
    pinned: str = ""                     # '0:0 1:1', vCPU:CPU, or why not; '': not asked for
    killed: int = 0                      # signal that ended the workload; 0: none did


@dataclass(frozen=True)
class Cell:
    """One point of an experiment."""

    kernel: str               # '6.1:vanilla'
    device: str               # as runner.swapareas writes it: 'pmem', 'zram:100=64+pmem:10'
    threads: int
    workload: str             # 'swapstorm'; torture: 'swaptorture/BOOT'
    tier: str                 # a name of runner.judge.tier, or of a later version's: results travel

    def label(self) -> str:
        """For people: '6.1:vanilla pmem 1 thread exact'."""
        threads = f"{self.threads} thread" + ("s" if self.threads > 1 else "")
        tier = f"{self.tier} ({self.workload})" if "/" in self.workload else self.tier
        return f"{self.kernel} {self.device} {threads} {tier}"


@dataclass(frozen=True)
class Metric:
    """A number, what it is in, which way is better and where it came from."""

    value: float
    unit: str                 # 'instructions/page', 'acquisitions/page', 'MiB/s', 's', ''
    better: str               # 'lower', 'higher' or '' (neither)
    evidence: str             # file names in the sample's evidence folder
    doubt: str = ""           # what it may be of instead, where nothing proves that it is not


@dataclass(frozen=True)
class Sample:
    """One line of samples.jsonl: one fresh boot of one cell."""

    number: int               # place in the campaign's plan, from 0
    repeat: int               # which boot of this cell, from 0; pairs share it
    cell: Cell
    accelerator: str          # Accelerator value the sample really ran on
    vcpus: int
    kernel_key: str
    image_sha256: str
    outcome: str              # Outcome value
    detail: str
    invalid: tuple[Reason, ...]  # why it does not count; empty means valid
    metrics: dict[str, Metric]
    evidence: str             # folder, relative to the campaign
    started: str              # UTC, ISO 8601
    wall_seconds: float
    host: dict[str, str]      # cpu model, cores, qemu version, load, host id
    fingerprint: str = ""     # SHA-256 of all the guest sent; equal boots, equal prints
    layout: int = 0           # which of its tier's fixed layouts of a boot
    purpose: str = ""         # timed tier: '', 'aa' (base again) or 'confirm' (fresh pair)


@dataclass(frozen=True)
class HostLimits:
    """Busier than this, as shares of 1, and a timed sample does not count."""

    other_cpu: float = 0.1                  # of the host's CPU time, used by other processes
    steal: float = 0.02                     # of the host's CPU time, taken by its hypervisor
    cpu_pressure: float = 0.5               # of the time some task waited (PSI); our own do, too
    memory_pressure: float = 0.05
    io_pressure: float = 0.2


@dataclass(frozen=True)
class Rules:
    """What an experiment declares about judging."""

    base: str                               # kernel all others are compared with
    thresholds: dict[str, float]            # metric -> relative change that counts; own ones
    minimum_pairs: int = 5                  # timed tier: fewer pairs decide nothing
    looks: tuple[int, ...] = ()             # pairs after which to judge; none: once, at all
    confirm_pairs: int = 0                  # fresh pairs for what was flagged
    timed_cells: int = 0                    # cells the timed tier is to judge, for Holm
    pswpout_floor: int = 1                  # pages; fewer and the sample is invalid
    host: HostLimits = HostLimits()         # timed tier
    layouts: tuple[int, ...] = (1,)         # exact tier: memory layouts after which to judge
    equal_pages: bool = True                # exact tier: whether that comparison may decide
    perturbations: int = 3                  # lockstep tier: runs of a cell
