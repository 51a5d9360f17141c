# SPDX-License-Identifier: GPL-2.0-only
"""What the guest boots into: a base layer with the programs, a small one with the job.

Both are 'newc' cpio archives, and the kernel unpacks one after the other.
They are written here and not by cpio(1), because the same input must give
the same bytes (the exact tier's guest sees where its initramfs ends), and the
tool would take owner, inode numbers and times from a staging folder on disk.
"""
from __future__ import annotations

from pathlib import Path

from runner import header
from runner.errors import CannotMeasure, UsageError, printable
from runner.records import DEVICES, KERNELS_PRIORITY, PAGE_SIZE, Job, SwapDevice, ToolStep

BLOCK = 512                    # an archive's size is a multiple of it, as cpio(1) has it
JOB_FILE = "job"               # /job in the guest

# The agent's limits.
_LIMITS = header.numbers("runner/agent/job.h")
MAX_FILE = _LIMITS["JOB_MAX_FILE"] - 1       # a NUL stands behind it
MAX_LINE, MAX_ARGS = _LIMITS["JOB_MAX_LINE"], _LIMITS["JOB_MAX_ARGS"]
MAX_SETTINGS = _LIMITS["JOB_MAX_SETTINGS"]
MAX_AREAS, MAX_PRIORITY = _LIMITS["JOB_MAX_AREAS"], _LIMITS["JOB_MAX_PRIORITY"]
MIN_DEVICE = _LIMITS["JOB_MIN_DEVICE_PAGES"] * PAGE_SIZE
HEARTBEAT_MS = _LIMITS["JOB_MIN_HEARTBEAT_MS"], _LIMITS["JOB_MAX_HEARTBEAT_MS"]

FOLDER = 0o040755
PROGRAM = 0o100755
TEXT = 0o100644


def _entry(name: str, mode: int, data: bytes, inode: int) -> bytes:
    """One member: 13 fields of 8 hex digits, name, content, each padded to 4."""
    raw = name.encode("ascii") + b"\0"
    links = 2 if mode == FOLDER else 1
    #         inode  mode uid gid links mtime size       device  rdev  name      check
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(members: list[tuple[str, int, bytes]]) -> bytes:
    """A whole archive of (path without a leading slash, mode, content), in that order."""
    parts = [_entry(name, mode, data, inode)
             for inode, (name, mode, data) in enumerate(members, 1)]
    parts.append(_entry("TRAILER!!!", 0, b"", 0))
    whole = b"".join(parts)
    return whole + bytes(-len(whole) % BLOCK)


def _program(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotMeasure(f"{path}: cannot be read: {error.strerror}; "
                            "run 'make' to build it") from None


def base_layer(agent: Path, workload: Path) -> bytes:
    """The archive that every boot has: /init, the workload in /bin and the mount points.

    One workload and no other, so that none moves where another's guest ends.

    CannotMeasure where a program has not been built.
    """
    return archive([
        *((folder, FOLDER, b"") for folder in ("bin", "dev", "proc", "sys")),
        ("init", PROGRAM, _program(agent)),
        (f"bin/{workload.name}", PROGRAM, _program(workload)),
    ])


def job_text(job: Job) -> str:
    """The job file's text; UsageError for what the agent would not take."""
    areas = job.device.areas
    if len(areas) > MAX_AREAS:
        raise UsageError(f"job: device: {len(areas)} are more than {MAX_AREAS}")
    low, high = HEARTBEAT_MS
    if not low <= job.heartbeat_ms <= high:
        raise UsageError(f"job: heartbeat: {job.heartbeat_ms} ms is not in {low}..{high}")
    if not 1 <= len(job.workload) <= MAX_ARGS:
        raise UsageError(f"job: workload: {len(job.workload)} arguments are not in 1..{MAX_ARGS}")
    if not job.workload[0].startswith("/"):
        raise UsageError(f"job: workload: {printable(repr(job.workload[0]), 60)} is not an "
                         "absolute path in the guest")
    if len(job.settings) > MAX_SETTINGS:
        raise UsageError(f"job: settings: {len(job.settings)} are more than {MAX_SETTINGS}")
    lines = ["swapscale-job 1",
             *(line for area in areas for line in _area(area)),
             f"lock-stat {int(job.lock_stat)}",
             f"heartbeat-ms {job.heartbeat_ms}",
             *(f"arg {_argument(arg)}" for arg in job.workload),
             *(f"set {_argument(f'{setting.path} {setting.value}', 'set')}"
               for setting in job.settings),
             *(f"collect {_argument(path, 'collect')}" for path in job.collect),
             *(line for step in job.tools for line in _tool(step)),
             "end"]
    text = "".join(f"{line}\n" for line in lines)
    if len(text.encode()) > MAX_FILE:
        raise UsageError(f"job: workload: its arguments make more than {MAX_FILE} bytes")
    return text


def _area(device: SwapDevice) -> list[str]:
    if device.kind not in DEVICES:
        raise UsageError(f"job: device: {printable(repr(device.kind), 40)} is not one of "
                         + ", ".join(DEVICES))
    if device.size % PAGE_SIZE or not MIN_DEVICE <= device.size < PAGE_SIZE << 32:
        raise UsageError(f"job: device: {device.size} bytes is not a multiple of {PAGE_SIZE} "
                         f"of at least {MIN_DEVICE}")
    if not KERNELS_PRIORITY <= device.priority <= MAX_PRIORITY:
        raise UsageError(f"job: device: priority {device.priority} is not in {KERNELS_PRIORITY}.."
                         f"{MAX_PRIORITY}")
    # The usual one goes without saying, as it always has: what the agent reads is in the guest's
    # memory, which figures of the exact tier depend on.
    return [f"device {device.kind}", f"device-bytes {device.size}",
            *([f"device-priority {device.priority}"] if device.priority >= 0 else [])]


def _tool(step: ToolStep) -> list[str]:
    return [f"tool {step.when} {step.name}",
            *(f"tool-arg {_argument(arg, 'tool-arg')}" for arg in step.argv),
            *(f"tool-env {_argument(variable, 'tool-env')}" for variable in step.environment)]


def _argument(arg: str, key: str = "arg") -> str:
    """Fit for one line: a line break in it would be a line of the job of its own."""
    if not all(c.isprintable() for c in arg):
        raise UsageError(f"job: workload: argument {printable(repr(arg), 60)} has unprintable "
                         "characters in it")
    if len(f"{key} {arg}".encode()) > MAX_LINE:
        raise UsageError(f"job: workload: argument {printable(repr(arg), 60)} is longer than "
                         f"{MAX_LINE - len(key) - 1} bytes")
    return arg


def job_layer(job: Job) -> bytes:
    """The archive that follows the base layer: /job."""
    return archive([(JOB_FILE, TEXT, job_text(job).encode())])
