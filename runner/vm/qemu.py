# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's command line, and QEMU itself as a child that never outlives us."""
from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runner.errors import CannotMeasure, UsageError, printable
from runner.records import Accelerator
from runner.vm import disk
from runner.vm.machine import Machine
from runner.vm.memory import Memory

CHANNEL_PORT = "swapscale.channel"
HEARTBEAT_PORT = 0xE9
COMMAND_LINE_LIMIT = 2047      # x86: COMMAND_LINE_SIZE less the final zero

_COMMON_PARAMS = (
    "console=ttyS0",
    # A reboot ends QEMU (-no-reboot), so a panic ends the boot at once; and an
    # oops must not go on to be measured.
    "panic=-1", "oops=panic",
    "rdinit=/init",
    # An empty slot for memory above 4 GiB, which nvdimm brings along, makes the
    # kernel set 64 MiB aside for devices that cannot reach there; we have none.
    "swiotlb=noforce",
)

#: obsolete: system calls QEMU has no use for; the others: setuid and the like,
#: fork and exec, CPU affinity and priorities.  Needs no privilege.
_SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"

_TERM_SECONDS = 2.0
_TOLD_TO_END = re.compile(r"\S+: terminating on signal \d+\b")
_STEADY = ("-name", "swapscale,debug-threads=on", "-mem-prealloc")


def escaped(path: Path | str) -> str:
    """A value inside one of QEMU's comma-separated options."""
    return str(path).replace(",", ",,")


def to_file(path: Path) -> str:
    """A character device that appends what the guest writes to a file.

    A file never keeps the guest waiting, so the guest's timing does not hang
    on how fast we read.
    """
    return f"file,path={escaped(path)}"


@dataclass(frozen=True)
class Streams:
    """Where the guest's three outputs go: QEMU chardev back ends."""

    console: str
    channel: str
    heartbeat: str


def append(machine: Machine, accelerator: Accelerator, memory: Memory,
           more: tuple[str, ...]) -> str:
    """The kernel command line; `more` comes last, so that it wins."""
    for param in more:
        if not param or any(c.isspace() or not c.isprintable() for c in param):
            raise UsageError(f"kernel parameter {printable(repr(param), 60)}: blanks and "
                             "unprintable characters are not allowed")
    line = " ".join((*_COMMON_PARAMS, *machine.engines[accelerator].params,
                     *memory.params, *more))
    if len(line.encode()) > COMMAND_LINE_LIMIT:
        raise UsageError(f"kernel command line: {len(line.encode())} bytes is more than "
                         f"{COMMAND_LINE_LIMIT}")
    return line


def command(machine: Machine, accelerator: Accelerator, vcpus: int, memory: Memory,
            image: Path, initrd: Path, line: str, streams: Streams,
            steady: bool = False, program: tuple[str, ...] = (),
            plugin: str = "") -> list[str]:
    """QEMU's argv; UsageError where the accelerator does not take so many vCPUs.

    `steady`: threads that can be told apart, to pin them, and all memory touched before the
    guest starts, so that no time of the guest's goes to the host's page faults.
    `program`: another QEMU than the machine's, with what it needs to find its own files.
    `plugin`: what its -plugin says, nothing where it has none.
    """
    engine = machine.engines[accelerator]
    if not 1 <= vcpus <= engine.max_vcpus:
        raise UsageError(f"vcpus: {vcpus} is not in 1..{engine.max_vcpus} for {accelerator}")
    return [
        *(program or (machine.qemu,)), "-nodefaults", "-no-user-config",
        "-display", "none", "-nic", "none",
        "-no-reboot", "-sandbox", _SANDBOX,
        "-machine", machine.type + memory.machine, "-cpu", engine.cpu, *engine.args,
        "-smp", str(vcpus), *memory.args, *_STEADY * steady,
        "-chardev", f"{streams.console},id=console", "-serial", "chardev:console",
        # Without ioeventfd the guest's writes are done in its own thread, at a
        # fixed point of its time: needed for bit-identical repeats.
        "-device", "virtio-serial-pci,ioeventfd=off",
        "-chardev", f"{streams.channel},id=channel",
        "-device", f"virtserialport,chardev=channel,name={CHANNEL_PORT}",
        "-chardev", f"{streams.heartbeat},id=heartbeat",
        "-device", f"isa-debugcon,iobase={HEARTBEAT_PORT:#x},chardev=heartbeat",
        *(("-plugin", plugin) if plugin else ()),
        "-kernel", str(image), "-initrd", str(initrd), "-append", line,
    ]


def version(qemu: str) -> str:
    """First line of `qemu --version`; CannotMeasure where it cannot be run."""
    try:
        out = subprocess.run([qemu, "--version"], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, errors="replace", timeout=30, check=True).stdout
    except FileNotFoundError:
        raise CannotMeasure(f"{qemu}: is not installed; install package qemu-system-x86") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotMeasure(f"{qemu}: cannot be run: {printable(str(error))}") from None
    lines = out.splitlines()
    return printable(lines[0]) if lines else "unknown"


def status_text(status: int) -> str:
    """'QEMU exited with status 1', 'QEMU was killed by SIGKILL'."""
    if status >= 0:
        return f"QEMU exited with status {status}"
    try:
        return f"QEMU was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"QEMU was killed by signal {-status}"


def remedy(said: str) -> str:
    """What to do about QEMU's last line, to stand after it; '' where nothing is known."""
    if "Could not load plugin" in said:
        return ("; 'make -B all' builds the plugin anew, './swapscale doctor' names the QEMU that "
                "has to take it")
    return ""


def was_told_to_end(said: str) -> bool:
    """Whether QEMU's last words say that somebody sent it a signal.

    It ends with status 0 then, as it does when the guest powers off.
    """
    return _TOLD_TO_END.match(said) is not None


def is_stopped(pid: int) -> bool:
    """Whether a signal (SIGSTOP, Ctrl-Z) has stopped a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] == b"T"
    except OSError:
        return False


def leashed(argv: list[str], most_bytes: int) -> list[str]:
    """`argv` so wrapped that it dies with the thread that starts it.

    Each link replaces itself by the next, so the child's process id is QEMU's.
    The shell looks whether we died before the kernel was told to tell; prlimit
    bounds each file a guest can make QEMU write (what is past the bound is
    dropped; QEMU's vCPU threads block SIGXFSZ), and leaves no core of it.
    """
    return ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--",
            "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', str(os.getpid()),
            "prlimit", f"--fsize={most_bytes}", "--core=0", "--", *argv]


@contextmanager
def running(argv: list[str], most_bytes: int, stdin: IO[bytes] | int | None,
            output: IO[bytes] | None, own_session: bool = True, disk_bytes: int = 0
            ) -> Iterator[subprocess.Popen[bytes]]:
    """QEMU for as long as the block runs, and never longer.

    `disk_bytes`: of the guest's disk, where its Memory has one.
    Leaving the block sends SIGTERM, then SIGKILL, and reaps.  The thread that
    enters must be the one that waits: when it ends, the kernel kills QEMU.
    """
    with disk.held(disk_bytes) as (more, kept):
        try:
            process = subprocess.Popen(leashed([*argv, *more], max(most_bytes, disk_bytes)),
                                       stdin=stdin, stdout=output, stderr=output,
                                       start_new_session=own_session, pass_fds=kept)
        except FileNotFoundError as error:
            raise CannotMeasure(f"{error.filename}: is not installed; install package util-linux"
                                ) from None
    try:
        yield process
    finally:
        try:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_TERM_SECONDS)
                except subprocess.TimeoutExpired:
                    pass
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
