# SPDX-License-Identifier: GPL-2.0-only
"""Which accelerator this host really has.

KVM counts only if the probe guest (probe.s) runs on it to its end.  A kernel
would be the fuller test, but the question comes before any kernel is built,
and the places where half-working KVMs were seen to fail (the first exception
in long mode, on a host with paravirtual nested KVM; an abort of QEMU while it
sets the CPU up) are all on the probe's way.
"""
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure, UsageError, printable
from runner.paths import cache
from runner.progress import Progress
from runner.records import Accelerator
from runner.vm import qemu
from runner.vm.flat import assemble
from runner.vm.machine import Machine, read

WANTED = ("auto", "kvm", "tcg", "icount")
PROBE_SECONDS = 5.0

_SOURCE = Path(__file__).with_name("probe.s")
_DEVICE = Path("/dev/kvm")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_DONE_STATUS = 0x10 * 2 + 1
_STAGES = {"": "protected mode", "P": "long mode", "PL": "an exception",
           "PLE": "a timer interrupt", "PLET": "ring 3 and SYSCALL",
           "PLETU": "a page-table change", "PLETUM": "its exit"}


@dataclass(frozen=True)
class Answer:
    """`works`, or one line on why it does not and what to do."""

    works: bool
    reason: str = ""
    remedy: str = ""


def probe(machine: Machine, accelerator: Accelerator, seconds: float = PROBE_SECONDS) -> Answer:
    """Boot the probe guest on `accelerator`; takes `seconds` at most, and a little for QEMU."""
    engine = machine.engines[accelerator]
    with tempfile.TemporaryDirectory(prefix="swapscale-probe-") as name:
        folder = Path(name)
        image, letters, log = folder / "probe", folder / "letters", folder / "log"
        assemble(_SOURCE, image)
        argv = [machine.qemu, "-nodefaults", "-no-user-config", "-display", "none",
                "-nic", "none", "-no-reboot", "-machine", machine.type, "-cpu", engine.cpu,
                *engine.args, "-smp", "1", "-m", "64M",
                "-chardev", f"{qemu.to_file(letters)},id=letters",
                "-device", "isa-debugcon,iobase=0xe9,chardev=letters",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel", str(image)]
        letters.touch()
        with open(log, "wb") as output, qemu.running(
                argv, 1 << 20, subprocess.DEVNULL, output) as process:
            try:
                status: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
        reached = letters.read_bytes()[:16].decode("ascii", "replace")
        words = [line for line in log.read_text(errors="replace").splitlines()
                 if line.strip() and ": warning: " not in line]
    if status == _DONE_STATUS:
        return Answer(True)
    where = _STAGES.get(reached, "an unknown place")
    said = f" ({printable(words[0], 120)})" if words else ""
    if status is None:
        how = f"hangs at {where}"
    elif status:
        how = f"ends at {where}: {qemu.status_text(status)}"
    else:
        how = f"resets at {where}"
    return Answer(False, f"a probe guest {how}{said}",
                  "use accelerator tcg, or a host whose KVM runs ordinary guests")


def probe_kvm(machine: Machine) -> Answer:
    """Whether KVM runs guests here; not cached."""
    if not _DEVICE.exists():
        return Answer(False, "there is no /dev/kvm",
                      "load the module kvm_intel or kvm_amd, or turn on (nested) virtualization "
                      "in the firmware or the host above")
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return Answer(False, "/dev/kvm may not be opened by this user",
                      "run 'sudo adduser $USER kvm' and log in again")
    return probe(machine, Accelerator.KVM)


def _key(machine: Machine) -> str:
    """Changes with all that the answer hangs on."""
    engine = machine.engines[Accelerator.KVM]
    # A module loaded again makes the device anew.
    parts = [str(_DEVICE.stat().st_ctime_ns), _BOOT_ID.read_text().strip(),
             qemu.version(machine.qemu), str(os.getuid()), machine.type, engine.cpu,
             *engine.args, hashlib.sha256(_SOURCE.read_bytes()).hexdigest()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _remembered(file: Path, key: str) -> Answer | None:
    try:
        data = json.loads(file.read_text())
        if data["key"] == key:
            return Answer(bool(data["works"]), str(data["reason"]), str(data["remedy"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass                        # no cache, or not ours: ask again
    return None


def kvm(machine: Machine) -> Answer:
    """Whether KVM runs guests here: asked once per boot of the host."""
    # Missing module or group: cheap to see, and mended without a reboot.
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return probe_kvm(machine)
    file, key = cache() / "accelerator.json", _key(machine)
    answer = _remembered(file, key)
    if answer is None:
        answer = probe_kvm(machine)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=file.name,
                                         delete=False) as out:
            json.dump({"key": key, "works": answer.works, "reason": answer.reason,
                       "remedy": answer.remedy}, out)
        os.replace(out.name, file)
    return answer


def choose(wanted: str, progress: Progress) -> Accelerator:
    """What WANTED's words mean on this host.

    'auto' says loudly when it falls back; CannotMeasure when 'kvm' was asked
    for and does not work.
    """
    if wanted not in WANTED:
        raise UsageError(f"accelerator: {printable(wanted, 60)!r} is not one of "
                         f"{', '.join(WANTED)}")
    if wanted in ("tcg", "icount"):
        return Accelerator(wanted)
    answer = kvm(read())
    if answer.works:
        return Accelerator.KVM
    if wanted == "kvm":
        raise CannotMeasure(f"accelerator kvm: {answer.reason}; {answer.remedy}")
    progress.warn(f"accelerator: KVM does not work here: {answer.reason}; falling back to TCG: "
                  "emulated, several times slower, its times are never compared with KVM's; "
                  f"{answer.remedy}")
    return Accelerator.TCG
