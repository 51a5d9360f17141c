# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that fail in each phase of a boot; each is really booted."""
from __future__ import annotations

from runner import paths
from tests.faults.fault import Seen, add
from tests.faults.lab import Lab
from tests.faults.runs import seen


def _fails(name: str, injected: str, how: str, outcome: str, line: str,
           quick: bool = False, more: str = "") -> None:
    def act(lab: Lab) -> Seen:
        return seen(lab, lab.measure(guest=f'cmdline = ["swapscale_fail={how}"{more}]',
                                     boot=90 if outcome == "early-hang" else 240))
    add(name, "kernel", injected, outcome=outcome, status=4, line=line, act=act, quick=quick)


#: Where the kernel fails, in words, and the name of the place; what is known of a hang there.
_EARLY = r"does not count: early-hang: no word from the agent in 90 s; the console ends with: .+"
_SILENT = r"does not count: guest-silent: no heartbeat in 30 s; the console ends with: .+"
_OFF = (r"does not count: guest-silent: the guest did not power off in 30 s; "
        r"the console ends with: .+")
# The kernel's own detector of hung tasks is asked to be first, however slow the host.
_SOON = ', "sysctl.kernel.hung_task_timeout_secs=5"'
_STANDS = r"FINDING: lockup: INFO: task {}:\d+ blocked for more than \d+ seconds\."
PHASES = {
    "boot": ("at the end of its own boot", "boot", "early-hang", _EARLY),
    "init": ("as it starts PID 1", "init", "early-hang", _EARLY),
    "device": ("as swap is turned on", "swapon", "guest-silent", _SILENT),
    "fill": ("as the first page is written to swap", "write", "guest-silent", _SILENT),
    "steady": ("after 3000 pages written to swap", "write:3000", "guest-silent", _SILENT),
    "teardown": ("as the workload ends", "exit", "guest-silent", _SILENT),
    "off": ("as the machine is powered off", "off", "guest-silent", _OFF)}
for _phase, (_where, _place, _outcome, _line) in PHASES.items():
    _fails(f"oops-{_phase}", f"the kernel oopses {_where}", f"oops@{_place}", "kernel-oops",
           r"FINDING: kernel-oops: BUG: kernel NULL pointer dereference, address: "
           r"0000000000000008 at swapscale_fail_at\+.+", quick=_phase == "steady")
    _fails(f"hang-{_phase}", f"the kernel stands still, interrupts off, {_where}",
           f"hang@{_place}", _outcome, _line)
for _phase, _task in (("device", "init"), ("fill", "kswapd0"), ("steady", "kswapd0"),
                      ("teardown", "swapstorm")):
    _where, _place, *_ = PHASES[_phase]
    _fails(f"stall-{_phase}", f"tasks sleep for ever {_where}", f"stall@{_place}",
           "lockup", _STANDS.format(_task), more=_SOON)


def _planted(name: str, injected: str, series: str, parameter: str, outcome: str, line: str,
             **kinds: str | int | float) -> None:
    def act(lab: Lab) -> Seen:
        return seen(lab, lab.measure(kernel=f"6.1:{paths.ROOT}/tests/series/{series}",
                                     guest=f'cmdline = ["{parameter}"]', **kinds))
    add(name, "kernel", injected, outcome=outcome, status=4, line=line, act=act)


_planted("panic", "the kernel panics in its own boot", "faults", "swapscale_fault=panic",
         "kernel-panic",
         r"FINDING: kernel-panic: Kernel panic - not syncing: swapscale_fault: .+")
_planted("warning", "the kernel warns in its own boot", "faults", "swapscale_fault=warning",
         "kernel-warning",
         r"FINDING: kernel-warning: WARNING: CPU: 0 PID: 1 at init/main\.c:.+")
