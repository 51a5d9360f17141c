# SPDX-License-Identifier: GPL-2.0-only
"""One boot: QEMU started, watched, ended, and its evidence written."""
from __future__ import annotations

import dataclasses
import json
import os
import shlex
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from runner.errors import CannotMeasure, printable, written
from runner.paths import BUILD
from runner.progress import Step
from runner.records import COUNTED, PAGE_SIZE, Boot, BootResult, BuiltKernel, Job, Outcome
from runner.vm import initramfs, kept, machine, memory, modules, newqemu, numa, qemu, toollayer
from runner.vm.channel import ChannelError, Decoder, Receiver
from runner.vm.console import Finding
from runner.vm.machine import Limits
from runner.vm.pin import Pinning
from runner.vm.starved import Clock
from runner.vm.watch import Watch

LOOK_EVERY = 0.05              # seconds
_CHUNK = 1 << 20               # bytes of a stream read in one look
_ROOM = 65536                  # bytes; a disk with less is full
#: Lockstep: the plugin, what it reads and what it writes.
PLUGIN, SIMULATED, SIMULATION = BUILD / "lockstep.so", "machine.txt", "lockstep.json"
_BOOT_SHARE = 0.05             # of the progress bar: before the workload, and after it


class Tail:
    """Reads a file that QEMU appends to; refuses to follow past `limit` bytes."""

    def __init__(self, path: Path, limit: float) -> None:
        self.name = path.name
        self.limit = int(limit)
        self.flooded = False
        self._file = open(path, "rb")
        self._read = 0

    def more(self) -> bytes:
        """What has come since, a chunk at most; b'' where nothing has."""
        data = self._file.read(min(_CHUNK, self.limit + 1 - self._read))
        self._read += len(data)
        self.flooded = self._read > self.limit
        return b"" if self.flooded else data

    def close(self) -> None:
        self._file.close()


class _Reader:
    """Moves the three streams from their files to the watch."""

    def __init__(self, evidence: Path, limits: Limits, watch: Watch, clock: Clock) -> None:
        self._watch, self._clock = watch, clock
        self._receiver = Receiver(evidence)
        self._channel, self._heartbeat = Decoder("channel"), Decoder("heartbeat")
        self.tails: list[Tail] = []
        for name, limit in (("console.log", limits.console), ("channel.bin", limits.channel),
                            ("heartbeat.bin", limits.heartbeat)):
            # There before QEMU opens it, so that there is always one to read.
            (evidence / name).touch()
            self.tails.append(Tail(evidence / name, limit))

    def look(self) -> bool:
        """Take in a chunk of each stream; whether anything had come."""
        now = self._clock.now()
        console, channel, heartbeat = (tail.more() for tail in self.tails)
        self._watch.console.feed(console)
        try:
            for frame in self._channel.feed(channel):
                self._watch.frame(frame, now)
                self._receiver.take(frame)
            for frame in self._heartbeat.feed(heartbeat):
                self._watch.heartbeat(frame, now)
        except ChannelError as error:
            self._watch.fail(Outcome.CORRUPT_CHANNEL, str(error))
        for tail in self.tails:
            if tail.flooded:
                self._watch.fail(Outcome.FLOODED,
                                 f"{tail.name} is over its bound of {tail.limit} bytes")
        return bool(console or channel or heartbeat)

    def finish(self) -> None:
        """QEMU is gone: take in the rest."""
        while self.look():
            pass
        self._watch.console.end()
        try:
            if self._watch.done:
                self._channel.finish()
        except ChannelError as error:
            self._watch.fail(Outcome.CORRUPT_CHANNEL, str(error))

    def close(self) -> None:
        for tail in self.tails:
            tail.close()
        self._receiver.close()


def planned_pages(boot: Boot) -> int | None:
    """Pages the workload will count, where its arguments tell; for the progress bar alone."""
    words = boot.job.workload
    options = dict(zip(words, words[1:]))
    try:
        size = int(options["--size-per-thread"]) * int(options.get("--threads", "1"))
        passes = int(options.get("--passes", "1")) + ("--verify" in words)
    except (KeyError, ValueError):
        return None
    return size // PAGE_SIZE * passes or None


def _show(step: Step, boot: Boot, watch: Watch) -> None:
    planned = planned_pages(boot)
    if planned is None:
        step.update(None, f"{watch.progress} pages" if watch.hello else watch.console.last_line)
        return
    inner = min(1.0, watch.progress / planned) * (1 - 2 * _BOOT_SHARE)
    step.update(_BOOT_SHARE + inner, f"{watch.progress} of {planned} pages")


def _write(path: Path, data: dict[str, Any]) -> None:
    with written(path):
        path.write_text(json.dumps(data, indent=1, default=str) + "\n", encoding="utf-8")


def _last_line(path: Path) -> str:
    """The last line of a text file that is not blank; '' where there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return printable(next((line.strip() for line in reversed(lines) if line.strip()), ""))


def _judge(watch: Watch, evidence: Path, status: int | None) -> Finding:
    """The outcome, with the last line of the file that explains it."""
    dead = None
    if status is not None:
        said = _last_line(evidence / "qemu.stderr")
        if status or qemu.was_told_to_end(said):
            dead = qemu.status_text(status) + (f": {said}{qemu.remedy(said)}" if said else "")
    finding = watch.verdict(dead, exited=status is not None)
    if finding.outcome is Outcome.WORKLOAD_FAILED:
        said = _last_line(evidence / "workload.stderr")
        if said:
            finding = Finding(finding.outcome, printable(f"{finding.detail}: {said}"))
    return finding


def _has_room(evidence: Path) -> None:
    """CannotMeasure where QEMU cannot have kept all: it drops what the disk does not take, and the
    guest would be blamed for what is missing."""
    state = os.statvfs(evidence)
    free = state.f_bavail if os.geteuid() else state.f_bfree
    if free * state.f_frsize < _ROOM:
        raise CannotMeasure(f"{evidence}: No space left on device, so what the guest said may be "
                            "lost; make room there")


def _simulator(machine: str, evidence: Path) -> tuple[tuple[str, ...], str]:
    """The QEMU that runs many vCPUs in lockstep, and what its plugin is told."""
    simulator = newqemu.lockstep_qemu()
    told, out = evidence / SIMULATED, evidence / SIMULATION
    with written(told):
        told.write_text(machine, encoding="ascii")
    return ((simulator.program, *simulator.args),
            f"file={qemu.escaped(PLUGIN)},machine={qemu.escaped(told)},out={qemu.escaped(out)}")


def supervise(boot: Boot, initrd: Path, step: Step | None = None,
              stop: threading.Event | None = None) -> BootResult:
    """Boot with this initramfs.  All evidence is in boot.evidence when it returns.

    A guest that fails is a result; UsageError and CannotMeasure are about
    what we were asked and what the host lacks.  KeyboardInterrupt where
    `stop` was set: the guest is ended and no result is written.
    """
    pc = machine.read()
    limits = pc.limits(boot.accelerator, boot.kernel.modules is not None).overridden(boot.limits)
    layout = numa.share(memory.lay_out(boot.ram, boot.job.device), boot.job.device, boot.vcpus,
                        boot.nodes)
    evidence = boot.evidence.absolute()
    line = qemu.append(pc, boot.accelerator, layout, boot.cmdline)
    program, plugin = _simulator(boot.simulated, evidence) if boot.simulated else ((), "")
    argv = qemu.command(pc, boot.accelerator, boot.vcpus, layout, boot.kernel.image.absolute(),
                        initrd.absolute(), line, qemu.Streams(
                            qemu.to_file(evidence / "console.log"),
                            qemu.to_file(evidence / "channel.bin"),
                            qemu.to_file(evidence / "heartbeat.bin")), boot.steady,
                        program, plugin)
    _write(evidence / "qemu.json", {
        "argv": argv, "shell": shlex.join(argv), "version": qemu.version(argv[0]),
        "accelerator": boot.accelerator, "vcpus": boot.vcpus, "ram": boot.ram,
        "limits": dataclasses.asdict(limits), "job": dataclasses.asdict(boot.job)})
    _write(evidence / "kernel.json", dataclasses.asdict(boot.kernel))
    begin = time.monotonic()
    clock = Clock()
    watch = Watch(limits, clock.now())
    status: int | None = None
    pinning: Pinning | None = None
    reader = _Reader(evidence, limits, watch, clock)
    try:
        with (open(evidence / "qemu.stderr", "wb") as output,
              qemu.running(argv, int(max(limits.console, limits.channel, limits.heartbeat))
                           + _CHUNK, subprocess.DEVNULL, output,
                           disk_bytes=layout.disk) as process):
            if boot.steady:
                pinning = Pinning(process.pid, boot.vcpus)
            while status is None and not watch.hopeless:
                if pinning is not None:
                    pinning.look()
                if stop is not None and stop.is_set():
                    raise KeyboardInterrupt
                clock.look(process.pid)
                reader.look()
                now = clock.now()
                if qemu.is_stopped(process.pid):
                    watch.stopped(now, boot.accelerator in COUNTED)
                else:
                    watch.goes_on(now)
                watch.look(now)
                if step is not None:
                    _show(step, boot, watch)
                try:
                    status = process.wait(LOOK_EVERY)
                except subprocess.TimeoutExpired:
                    pass
        reader.finish()
    finally:
        reader.close()
    _has_room(evidence)
    judged = _judge(watch, evidence, status)
    result = BootResult(judged.outcome, judged.detail, boot.accelerator,
                        time.monotonic() - begin, status,
                        pinning.describe() if pinning is not None else "", watch.killed)
    _write(evidence / "boot.json", dataclasses.asdict(result))
    return result


def prepare(job: Job, kernel: BuiltKernel) -> Path:
    """The initramfs for `job`, kept in the cache, so that qemu.json's argv works by hand too.

    CannotMeasure where the guest's programs are not built.
    """
    workload = BUILD / Path(job.workload[0]).name
    return kept.store(
        initramfs.base_layer(BUILD / "agent", workload)
        + (modules.layer(kernel.modules, job.device) if kernel.modules else b"")
        + toollayer.layer(job.programs) + initramfs.job_layer(job))


def run(boot: Boot, step: Step | None = None,
        stop: threading.Event | None = None) -> BootResult:
    """Boot the agent with boot.job and see it through; see `supervise`."""
    return supervise(boot, prepare(boot.job, boot.kernel), step, stop)
