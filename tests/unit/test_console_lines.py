# SPDX-License-Identifier: GPL-2.0-only
"""What single lines of a console mean, as kernels of several versions write them."""
from __future__ import annotations

import pytest
from consoleread import read

from runner.records import Outcome

# Formats of the named source files that no boot here was made to print.
FORMATS = [
    # kernel/watchdog.c of 6.1 and of 4.4
    ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [swapstorm:71]", Outcome.LOCKUP),
    ("NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kswapd0:30]", Outcome.LOCKUP),
    # kernel/watchdog_hld.c of 6.1
    ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", Outcome.LOCKUP),
    # kernel/hung_task.c of 6.1
    ("INFO: task swapstorm:71 blocked for more than 122 seconds.", Outcome.LOCKUP),
    # kernel/rcu/tree_stall.h of 6.1 and kernel/rcu/tree.c of 4.4
    ("rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", Outcome.LOCKUP),
    ("INFO: rcu_sched self-detected stall on CPU", Outcome.LOCKUP),
    # lib/bug.c of 6.1
    ("kernel BUG at mm/swapfile.c:1234!", Outcome.KERNEL_OOPS),
    # arch/x86/kernel/traps.c of 6.1
    ("general protection fault, probably for non-canonical address 0xdead000000000122: "
     "0000 [#1] PREEMPT SMP", Outcome.KERNEL_OOPS),
    # arch/x86/mm/fault.c of 4.4
    ("BUG: unable to handle kernel paging request at ffffea0000000020", Outcome.KERNEL_OOPS),
    # mm/page_alloc.c of 6.1
    ("BUG: Bad page state in process swapstorm  pfn:0a1b2", Outcome.KERNEL_WARNING),
    # kernel/locking/lockdep.c of 6.1, and of 4.4
    ("WARNING: possible circular locking dependency detected", Outcome.KERNEL_WARNING),
    ("WARNING: possible recursive locking detected", Outcome.KERNEL_WARNING),
    ("WARNING: inconsistent lock state", Outcome.KERNEL_WARNING),
    ("WARNING: suspicious RCU usage", Outcome.KERNEL_WARNING),
    ("INFO: trying to register non-static key.", Outcome.KERNEL_WARNING),
    ("[ INFO: possible circular locking dependency detected ]", Outcome.KERNEL_WARNING),
    ("[ BUG: bad unlock balance detected! ]", Outcome.KERNEL_WARNING),
    # kernel/sched/core.c of 6.1
    ("BUG: scheduling while atomic: swaptorture/39/0x00000002", Outcome.KERNEL_WARNING),
    # mm/kasan/report.c of 6.1: the kernel goes on, but is not to be measured
    ("BUG: KASAN: use-after-free in shrink_folio_list+0x1a2/0x2b0", Outcome.KERNEL_OOPS),
    # lib/list_debug.c, mm/slub.c, mm/swapfile.c, mm/vmstat.c of 6.1
    ("list_del corruption. prev->next should be ffffea0000000008, but was dead000000000100.",
     Outcome.KERNEL_WARNING),
    ("BUG radix_tree_node (Not tainted): Object already free", Outcome.KERNEL_WARNING),
    ("_swap_info_get: Unused swap offset entry 00000a1b", Outcome.KERNEL_WARNING),
    ("get_swap_device: Bad swap file entry 3ffffffffffff", Outcome.KERNEL_WARNING),
    ("vmstat_refresh: nr_swapcached -3", Outcome.KERNEL_WARNING),
    # kernel/hung_task.c of 7.3
    ("INFO: task swapstorm:91 blocked in I/O wait for more than 122 seconds.", Outcome.LOCKUP),
    ("INFO: task kswapd0:41 blocked in I/O wait for more than 245 seconds.", Outcome.LOCKUP),
    # asm/pgtable_64.h and asm/pgtable-2level.h
    ("mm/pgtable-generic.c:50: bad pmd ffff888004a3c000(80000001234008e7)",
     Outcome.KERNEL_WARNING),
    ("mm/memory.c:482: bad pte 80000001", Outcome.KERNEL_WARNING),
    ("arch/x86/mm/pgtable.c:7: bad p4d 000000001(0000000000000002)", Outcome.KERNEL_WARNING),
    ("BUG: Bad page map in process swapstorm  pte:800000012 pmd:0a1b2067",
     Outcome.KERNEL_WARNING),
    ("BUG: Bad rss-counter state mm:000000001 type:MM_SWAPENTS val:-1", Outcome.KERNEL_WARNING),
    # mm/page_io.c of 4.4, 6.1 and 7.3
    ("Write-error on swap-device (252:0:104448)", Outcome.IO_FAILED),
    ("Read-error on swap-device (259:0:221184)", Outcome.IO_FAILED),
    ("Read-error on swap-device", Outcome.IO_FAILED),
    ("Write error -5 on dio swapfile (4096)", Outcome.IO_FAILED),
    ("Write error on dio swapfile (4096)", Outcome.IO_FAILED),
    # block/blk-core.c of 4.4, of 5.4 and of 6.1; block/blk-mq.c of 7.3
    ("blk_update_request: I/O error, dev sda, sector 2048", Outcome.IO_FAILED),
    ("print_req_error: critical medium error, dev nvme0n1, sector 8 flags 0", Outcome.IO_FAILED),
    ("I/O error, dev vda, sector 221184 op 0x1:(WRITE) flags 0x800 phys_seg 4 prio class 2",
     Outcome.IO_FAILED),
    ("timeout error, dev vda, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
     Outcome.IO_FAILED),
    ("critical space allocation error, dev dm-0, sector 9 op 0x1:(WRITE) flags 0x0",
     Outcome.IO_FAILED),
    ("device offline error, dev nvme0n1, sector 9 op 0x1:(WRITE) flags 0x0", Outcome.IO_FAILED),
    ("Buffer I/O error on dev vda, logical block 3, lost async page write", Outcome.IO_FAILED),
    ("Buffer I/O error on device sda1, logical block 3", Outcome.IO_FAILED),
    # drivers/nvme/host of 4.4, 6.1 and 7.3
    ("nvme nvme0: I/O 22 QID 1 timeout, aborting", Outcome.IO_FAILED),
    ("nvme nvme0: I/O 22 (Write) QID 1 timeout, aborting", Outcome.IO_FAILED),
    ("nvme nvme0: I/O tag 4 (1004) opcode 0x1 (I/O Cmd) QID 1 timeout, aborting req_op:WRITE(1) "
     "size:4096", Outcome.IO_FAILED),
    ("nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0xffff",
     Outcome.IO_FAILED),
    ("nvme0n1: Write(0x1) @ LBA 2048, 8 blocks, Write Fault (sct 0x2 / sc 0x80)",
     Outcome.IO_FAILED),
    # drivers/scsi, drivers/ata, zram and zswap
    ("sd 0:0:0:0: [sda] tag#3 FAILED Result: hostbyte=DID_TIME_OUT driverbyte=DRIVER_OK",
     Outcome.IO_FAILED),
    ("sd 2:0:0:0: rejecting I/O to offline device", Outcome.IO_FAILED),
    ("ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen", Outcome.IO_FAILED),
    ("zram: Decompression failed! err=-22, page=1204", Outcome.IO_FAILED),
    ("zram: Compression failed! err=-12", Outcome.IO_FAILED),
    ("zswap: Decompression error from zswap (0:1204 lzo 1604->-22)", Outcome.IO_FAILED),
    # raspberrypi/firmware#483 and raspberrypi/linux#2649, as their consoles had them
    ("swap_free: Bad swap file entry 0100d400", Outcome.KERNEL_WARNING),
    ("BUG: Bad page state in process bash  pfn:34da6", Outcome.KERNEL_WARNING),
    # Thomas-Krenn wiki, 'Analyzing NVMe I/O error messages', 6.8; the multipath's name
    ("nvme0c0n1: I/O Cmd(0x1) @ LBA 218630656, 256 blocks, I/O Error (sct 0x0 / sc 0x4) DNR",
     Outcome.IO_FAILED),
    # A laptop's, 6.8 (ahmedalsawi.github.io, 2025-01)
    ("nvme nvme0: I/O tag 641 (c281) opcode 0x1 (I/O Cmd) QID 8 timeout, reset controller",
     Outcome.IO_FAILED),
    ("nvme nvme0: frozen state error detected, reset controller", Outcome.IO_FAILED),
    # scsi_print_result() of 5.x on: what it did with the command is a number where it has no name
    ("sd 0:0:0:0: [sda] tag#18 UNKNOWN(0x2003) Result: hostbyte=DID_ERROR driverbyte=DRIVER_OK "
     "cmd_age=0s", Outcome.IO_FAILED),
    ("sd 0:0:0:0: [sda] Synchronize Cache(10) failed: Result: hostbyte=DID_BAD_TARGET",
     Outcome.IO_FAILED),
    # File systems below a swap file: fs/ext4/page-io.c, fs/xfs, fs/jbd2, fs/btrfs
    ("EXT4-fs warning (device vda): ext4_end_bio:343: I/O error 10 writing to inode 12 starting "
     "block 34817)", Outcome.IO_FAILED),
    ("XFS (vda): log I/O error -5", Outcome.IO_FAILED),
    ("JBD2: I/O error when updating journal superblock for vda-8.", Outcome.IO_FAILED),
    ("BTRFS error (device vda): bdev /dev/vda errs: wr 1, rd 0, flush 0, corrupt 0, gen 0",
     Outcome.IO_FAILED),
    # drivers/block/zram of 4.4, loop, nbd, mmc and device-mapper
    ("zram: Error allocating memory for compressed page: 1204, size=4096", Outcome.IO_FAILED),
    ("loop: Write error at byte offset 4096, length 4096.", Outcome.IO_FAILED),
    ("block nbd0: Connection timed out", Outcome.IO_FAILED),
    ("mmcblk0: error -110 sending status command, retrying", Outcome.IO_FAILED),
    ("mmc0: Timeout waiting for hardware interrupt.", Outcome.IO_FAILED),
    ("device-mapper: thin: 253:2: switching pool to out-of-data-space (queue IO) mode",
     Outcome.IO_FAILED),
    # Memory that fails: arch/x86/kernel/cpu/mce, drivers/acpi/apei, drivers/edac
    ("mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 5: b200000000070f0f",
     Outcome.KERNEL_WARNING),
    ("[Hardware Error]: CPU:0 (10:6:3) MC2_STATUS[-|CE|-|-|AddrV|CECC]: 0x940040000000018a",
     Outcome.KERNEL_WARNING),
    ("{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 0",
     Outcome.KERNEL_WARNING),
    ("EDAC MC0: 1 UE memory read error on CPU_SrcID#0", Outcome.KERNEL_WARNING),
    # Stalls in other words: kernel/rcu/tree_stall.h, tree_exp.h and tasks.h; watchdog_hld.c of
    # 7.x and arch/powerpc/kernel/watchdog.c
    ("rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-...D } 21 jiffies s: 145 "
     "root: 0x2/.", Outcome.LOCKUP),
    ("rcu: rcu_preempt kthread starved for 21003 jiffies! g1 f0x0 RCU_GP_WAIT_FQS(5)",
     Outcome.LOCKUP),
    ("INFO: rcu_tasks detected stalls on tasks:", Outcome.LOCKUP),
    ("watchdog: CPU4: Watchdog detected hard LOCKUP on cpu 4", Outcome.LOCKUP),
    ("watchdog: CPU 4 detected hard LOCKUP on other CPUs 12", Outcome.LOCKUP),
    ("watchdog: CPU 12 Hard LOCKUP", Outcome.LOCKUP),
    ("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!", Outcome.LOCKUP),
    ("INFO: task jbd2/vda-8:311 blocked in I/O wait for more than 368 seconds.", Outcome.LOCKUP),
    # Checkers: kfence, kmsan, kcsan, ubsan, kmemleak, slab; lib/refcount.c
    ("BUG: KFENCE: use-after-free read in swap_writepage+0x1a/0x2b", Outcome.KERNEL_OOPS),
    ("BUG: KASAN: slab-out-of-bounds in zswap_store+0x1a/0x2b", Outcome.KERNEL_OOPS),
    ("BUG: KMSAN: uninit-value in zswap_store+0x1a/0x2b", Outcome.KERNEL_WARNING),
    ("BUG: KCSAN: data-race in folio_batch_move_lru / shrink_folio_list", Outcome.KERNEL_WARNING),
    ("UBSAN: shift-out-of-bounds in mm/vmscan.c:2001:12", Outcome.KERNEL_WARNING),
    ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
     Outcome.KERNEL_WARNING),
    ("slab error in kmem_cache_destroy(): cache `x': Can't free all objects",
     Outcome.KERNEL_WARNING),
    ("refcount_t: underflow; use-after-free.", Outcome.KERNEL_WARNING),
    ("WARNING: mm/swapfile.c:1234 at swap_entry_free+0x1a/0x2b, CPU#0: kswapd0/30",
     Outcome.KERNEL_WARNING),
    ("BUG: MAX_LOCKDEP_CHAINS too low!", Outcome.KERNEL_WARNING),
    ("BUG: non-zero pgtables_bytes on freeing mm: 4096", Outcome.KERNEL_WARNING),
    # arch/x86/kernel/traps.c; arch/arm64/mm/fault.c and traps.c of 6.1
    ("traps: PANIC: double fault, error_code: 0x0", Outcome.KERNEL_OOPS),
    ("Oops: general protection fault, probably for non-canonical address 0xdead000000000122: "
     "0000 [#1] SMP NOPTI", Outcome.KERNEL_OOPS),
    ("Internal error: Oops: 0000000096000004 [#1] SMP", Outcome.KERNEL_OOPS),
    ("Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
     Outcome.KERNEL_OOPS),
    # mm/oom_kill.c of 4.4 and mm/oom_kill.c of 6.1 (memory cgroup)
    ("Out of memory: Kill process 60 (swapstorm) score 1900 or sacrifice child",
     Outcome.OOM_KILLED),
    ("Memory cgroup out of memory: Killed process 60 (swapstorm) total-vm:1kB",
     Outcome.OOM_KILLED),
]


@pytest.mark.parametrize("line, outcome", FORMATS)
@pytest.mark.parametrize("stamp", ["", "[   12.345678] ", "[   12.345678][   T71] ", "<4>",
                                   "[   12.345678] [     T71] ", "[   12.345678][  C0/CPU0] "])
def test_format(line: str, outcome: Outcome, stamp: str) -> None:
    finding = read(f"{stamp}{line}\r\n".encode()).finding
    assert finding is not None and finding.outcome is outcome
    assert finding.detail == line


@pytest.mark.parametrize("line", [
    "tsc: Fast TSC calibration failed",
    "ACPI BIOS Warning (bug): incorrect checksum",
    "workingset: timestamp_bits=40 max_order=17 bucket_order=0",
    "Kernel command line: oops=panic panic=-1 hung_task_panic=1 softlockup_panic=1",
    "panic+0xea/0x24e",
    "FAULT_INJECTION: forcing a failure.",
    "INFO: lockdep is turned off.",
    "operation not supported error, dev vda, sector 8 op 0x3:(DISCARD) flags 0x0 phys_seg 1",
    # What cannot be zeroed is written; the floppy drive of a machine that has none
    "operation not supported error, dev vda, sector 8 op 0x9:(WRITE_ZEROES) flags 0x0 phys_seg 1",
    "blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1",
    "Buffer I/O error on dev fd0, logical block 0, async page read",
    "EXT4-fs (vda): mounted filesystem with ordered data mode. Quota mode: none.",
    "EXT4-fs (vda): re-mounted. Opts: errors=remount-ro",
    "BTRFS info (device vda): bdev /dev/vda errs: wr 0, rd 0, flush 0, corrupt 1, gen 0",
    "EDAC MC: Ver: 3.0.0", "mce: CPU0: Thermal monitoring enabled (TM1)",
    "mmc0: SDHCI controller on ACPI [80860F14:00] using ADMA",
    "kmemleak: Automatic memory scanning thread started",
    "workqueue: mm_percpu_wq hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
    "nvme nvme0: 2/0/0 default/read/poll queues",
    "nvme nvme0: pci function 0000:00:04.0",
    "zram: Added device: zram0",
    "virtio_blk virtio1: [vda] 524288 512-byte logical blocks (268 MB/256 MiB)",
    "EDAC: no error, device is fine, sector 0",
    "Adding 393212k swap on /dev/pmem0.  Priority:-2 extents:1 across:393212k SS",
])
def test_harmless(line: str) -> None:
    assert read(line.encode() + b"\n").finding is None
