# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel says on its console when something is wrong.

The texts are the kernel's own, from 4.4 to 7.3: kernel/panic.c,
arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c, kernel/watchdog.c,
kernel/rcu/tree_stall.h, kernel/hung_task.c, mm/oom_kill.c, kernel/reboot.c,
and of kernels that check themselves kernel/locking/lockdep.c, kernel/sched/core.c,
mm/kasan/report.c, mm/slub.c, mm/swapfile.c, mm/vmstat.c; asm/pgtable_64.h;
and of I/O that fails mm/page_io.c, mm/zswap.c, block/blk-core.c, block/blk-mq.c,
fs/buffer.c, drivers/nvme/host/, drivers/block/zram/zram_drv.c, drivers/scsi/,
drivers/ata/libata-eh.c.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from runner.errors import printable
from runner.records import Outcome

LINE_LIMIT = 1024          # bytes of a line that are looked at
_CONTEXT_LINES = 60        # how far below an oops its RIP line may stand

_STAMP = re.compile(r"^(<\d+>)?(\[ *\d+\.\d+\]( ?\[ *[TC]\d+[^]]{0,40}\])? )?")
_RIP = re.compile(r"^RIP: .*?([A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+)")

# First match wins, so what is special stands above what is general.
_SIGNS: tuple[tuple[Outcome, re.Pattern[str]], ...] = (
    (Outcome.LOCKUP, re.compile(
        r"BUG: soft lockup|[Hh]ard LOCKUP on (cpu|other CPUs)\b|^watchdog: CPU \d+ Hard LOCKUP"
        r"|BUG: workqueue lockup|^(rcu: )?rcu_\w+ kthread starved for \d+ jiffies"
        r"|^(rcu: )?INFO: rcu_\w+ (self-)?detected (expedited )?stall"
        # 'blocked in I/O wait for more than' since 6.18
        r"|^INFO: task .* blocked\b.* for more than \d+ seconds")),
    (Outcome.AGENT_DIED, re.compile(r"^Kernel panic - not syncing: Attempted to kill init!")),
    (Outcome.KERNEL_PANIC, re.compile(r"^Kernel panic - not syncing")),
    (Outcome.KERNEL_OOPS, re.compile(
        r"^BUG: (unable to handle |kernel NULL pointer dereference|KASAN: |KFENCE: "
        r"|stack guard page|TASK stack guard page)"
        r"|kernel BUG at |: [0-9a-f]{4,16} \[#\d+\]|^Oops: |^(traps: )?PANIC: double fault"
        r"|^Unable to handle kernel ")),
    # Lockdep's and "sleeping function called from invalid context" are of the
    # general kind; the others are said without WARNING or BUG before them.
    (Outcome.KERNEL_WARNING, re.compile(
        r"^(WARNING: |BUG: |UBSAN: |BUG \S+ \(|\[ (BUG|INFO): |list_(add|del) corruption"
        r"|INFO: trying to register non-static key|vmstat_refresh: "
        r"|slab error in \w+\(\): |refcount_t: |kmemleak: \d+ new suspected memory leaks"
        # Memory of the host's that fails reaches a guest as a machine check.
        r"|(mce: |\{\d+\})?\[Hardware Error\]: |EDAC \w+: \d+ [CU]E |mce: Uncorrected "
        r"|\w+: (Bad|Unused) swap (file|offset) entry )"
        # mm/pgtable-generic.c:50: bad pmd ffff888004a3c000(80000001234008e7)
        r"|:\d+: bad (pte|pmd|pud|p4d|pgd) ")),
    # A page counts in pswpout when its write is handed in, whatever becomes of it.
    (Outcome.IO_FAILED, re.compile(
        r"\b(Write|Read)[- ]error (-?\d+ )?on (swap-device|dio swapfile)"
        # What a device cannot discard it keeps, and what it cannot zero is written to it;
        # nothing is lost by that.  A floppy drive that nobody has is asked by old kernels.
        r"|\berror, dev (?!fd\d)[^\s,]+, (sector|logical block) "
        r"(?!.*:\((DISCARD|SECURE_ERASE|WRITE_ZEROES)\))"
        r"|\bBuffer I/O error on (?!dev(ice)? fd\d)|\blost (async |sync )?page write\b"
        # A file system's, for its log, its data and what it says of both.
        r"|^(EXT4-fs|XFS|BTRFS|F2FS-fs|JBD2|bcachefs)\b.*\bI/O error\b"
        r"|^(EXT4-fs|BTRFS) error \(device |^BTRFS error .*: bdev .* errs: wr [1-9]"
        r"|^loop: Write error at byte offset |^device-mapper: .* out-of-data-space "
        r"|^mmc\w+: (error -\d+ |Timeout waiting |cqhci: timeout)"
        r"|^block nbd\d+: (Connection timed out|Receive control failed|Send control failed)"
        r"|\bI/O (tag )?\d+ .*\btimeout\b|^nvme\w*: \w.*\(0x[0-9a-f]+\) @ LBA \d"
        r"|^nvme .*(controller is down|Device not ready|Removing after probe failure|frozen state"
        r"|Disabling device after reset failure|Abort status)"
        r"|^zram: ((Dec|C)ompression failed|Error allocating memory for compressed page)"
        r"|Decompression error from zswap"
        r"|\b(FAILED|UNKNOWN\(0x[0-9a-f]+\)|TIMEOUT_ERROR) Result: hostbyte="
        r"|Synchronize Cache\(1[06]\) failed: Result: "
        r"|\btimed out command, waited \d+s|\btiming out command, "
        r"|^ata\d+(\.\d+)?: (exception Emask|failed command)|\brejecting I/O to "
        r"|^virtio_blk .*\b(timeout|timed out)\b")),
    (Outcome.OOM_KILLED, re.compile(
        r"^(Memory cgroup out of memory|Out of memory)[:( ].*[Kk]ill(ed)? process")),
)

#: What follows from what: a lower rank never hides a higher one, and among
#: equals the first counts (an oops makes a panic and may kill the agent).
_RANK = {Outcome.KERNEL_OOPS: 3, Outcome.KERNEL_PANIC: 3, Outcome.AGENT_DIED: 3,
         Outcome.LOCKUP: 2, Outcome.IO_FAILED: 2, Outcome.KERNEL_WARNING: 1,
         Outcome.OOM_KILLED: 0}

_FATAL = 3


@dataclass(frozen=True)
class Finding:
    """How a boot went wrong, and one printable line on what was seen."""

    outcome: Outcome
    detail: str


class Console:
    """Reads a console as it grows; `finding` is the cause seen so far."""

    def __init__(self) -> None:
        self.finding: Finding | None = None
        self.last_line = ""             # last line that was not blank
        self.powered_off = False        # the kernel was asked to power off
        self._rest = b""
        self._context = 0

    @property
    def fatal(self) -> bool:
        """The kernel said that it cannot go on."""
        return self.finding is not None and _RANK[self.finding.outcome] == _FATAL

    def feed(self, data: bytes) -> None:
        """Take what came next; a line may come in pieces."""
        *lines, rest = (self._rest + data).split(b"\n")
        # Kept short, so that a guest that never ends a line costs nothing.
        self._rest = rest[:LINE_LIMIT]
        for line in lines:
            self._line(line)

    def end(self) -> None:
        """Nothing more will come: an unfinished line counts too."""
        self._line(self._rest)
        self._rest = b""

    def _line(self, raw: bytes) -> None:
        text = raw[:LINE_LIMIT].decode("utf-8", "replace").rstrip()
        text = _STAMP.sub("", text)
        if not text:
            return
        self.last_line = printable(text)
        if text.startswith("reboot: Power down") or text.startswith("Power down."):
            self.powered_off = True
        if self._context:
            self._context -= 1
            if self.finding is not None and (rip := _RIP.match(text)):
                self._context = 0
                self.finding = Finding(self.finding.outcome, printable(
                    f"{self.finding.detail} at {rip[1]}"))
        for outcome, sign in _SIGNS:
            if sign.search(text):
                self._found(outcome, text)
                return

    def _found(self, outcome: Outcome, text: str) -> None:
        if self.finding is not None and _RANK[outcome] <= _RANK[self.finding.outcome]:
            return
        self.finding = Finding(outcome, printable(text))
        named = outcome in (Outcome.KERNEL_OOPS, Outcome.LOCKUP)
        self._context = _CONTEXT_LINES if named else 0
