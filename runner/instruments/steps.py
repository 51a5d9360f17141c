# SPDX-License-Identifier: GPL-2.0-only
"""What a boot's tools are to do."""
from __future__ import annotations

from runner.instruments import ndctl, pressure, profile
from runner.instruments.table import Instruments
from runner.records import MIB, PAGE_SIZE, SwapDevice, ToolStep

_ALIGN = 16 * MIB
#: What fio writes of a device in each of its two runs, at most.
FIO_BYTES = 64 * MIB

#: The steady phase alone: the agent tells it when, on descriptors 3 and 4.
_RECORD = ("/bin/perf", "record", "-a", "-B", "-N", "-D", "-1", "--control", "fd:3,4")
_FOLDED = ("--stdio", "--no-children", "-F", "sample,comm,sym", "-t", "|",
           "-g", "folded,0,caller,function,count")


def steps(instruments: Instruments, threads: int, device: SwapDevice,
          exact: bool = False) -> tuple[ToolStep, ...]:
    """`exact`: time is instructions, so a second is worth many more samples."""
    tool_steps: list[ToolStep] = []
    if instruments.ndctl:
        tool_steps += _ndctl(instruments.ndctl)
    if instruments.noise:
        tool_steps.append(ToolStep(pressure.PROGRAM, "beside", instruments.noise))
    if instruments.fio:
        share = min(FIO_BYTES, device.size) // threads // PAGE_SIZE * PAGE_SIZE
        tool_steps.append(ToolStep(
            "fio", "before", ("/bin/fio", "--output-format=json", "/jobs/ceiling.fio"),
            (f"JOBS={threads}", f"SHARE={share}")))
    if "profile" in instruments.perf:
        rate = profile.EXACT_HZ if exact else profile.TIMED_HZ
        # No PMU in the guest: a timer of the kernel's asks who runs.
        tool_steps += _perf("profile", (*_RECORD, "-e", "cpu-clock", "-F", str(rate), "-g",
                                        "--kernel-callchains"), ("/bin/perf", "report", *_FOLDED))
    if "locks" in instruments.perf:
        tool_steps += _perf("locks", (*_RECORD, "-e", "lock:contention_begin", "-e",
                                      "lock:contention_end", "-R", "-c", "1", "-m", "1024", "-g",
                                      "--kernel-callchains"), ("/bin/perf", "lock", "contention"))
    return tuple(tool_steps)


def spare(instruments: Instruments, size: int) -> int:
    """Bytes that an nvdimm needs on top of its swap, for what its namespace keeps for itself."""
    # BTT: 4 bytes of each 4 KiB and a log; fsdax: alignment at both ends.
    # ndctl takes no region but of whole 16 MiB.
    return (-size) % _ALIGN + size // 64 // _ALIGN * _ALIGN + 2 * _ALIGN \
        if instruments.ndctl else 0


def _ndctl(mode: str) -> list[ToolStep]:
    more = {"sector": ("--sector-size=4096",), "fsdax": ("--map=mem",)}.get(mode, ())
    make = ("/bin/ndctl", "create-namespace", "--force", "--reconfig=namespace0.0")
    return [ToolStep("ndctl", "provision", (*make, f"{ndctl.MODE}{mode}", *more)),
            ToolStep("ndctl-list", "provision", ("/bin/ndctl", "list", "--namespaces"))]


def _perf(name: str, record: tuple[str, ...], report: tuple[str, ...]) -> list[ToolStep]:
    data = f"/tmp/{name}.data"
    return [ToolStep(name, "window", (*record, "-o", data)),
            ToolStep(f"{name}-report", "after", (*report, "-i", data))]
