# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's map, as a test needs it."""
from __future__ import annotations

MAP = """\
0000000000000000 D __per_cpu_start
0000000000000040 D cpu_info
0000000000000100 D runqueues
0000000000001000 D __per_cpu_end
ffffffff81000000 T _stext
ffffffff81001000 T _raw_spin_lock
ffffffff81001040 T native_queued_spin_lock_slowpath
ffffffff81001200 T get_swap_pages
ffffffff81001400 T cpu_idle_poll.isra.0
ffffffff81001500 T clear_page_orig
ffffffff81001540 T asm_sysvec_apic_timer_interrupt
ffffffff81002000 D swap_info
ffffffff81002100 D __per_cpu_offset
ffffffff81002300 d __key.0
ffffffff81002308 D swap_avail_lock
ffffffff81003000 D _edata
""".splitlines()
