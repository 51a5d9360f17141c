# SPDX-License-Identifier: GPL-2.0-only
"""A guest whose RAM and vCPUs are shared by NUMA nodes."""
from __future__ import annotations

import dataclasses

from runner.errors import UsageError
from runner.records import MIB, SwapDevice
from runner.vm.memory import SMALLEST_RAM, Memory

MOST = 8
#: Swap devices that take nothing of the guest's RAM, and so leave every node as much of it.
OUTSIDE = ("pmem", "virtio-blk", "nvme")


def share(layout: Memory, device: SwapDevice, vcpus: int, nodes: int) -> Memory:
    """`layout` with its RAM and vCPUs on so many nodes, as even as they go; UsageError where not.

    With fewer vCPUs than nodes some nodes are memory alone.
    """
    for area in device.areas:
        if area.node is not None and (nodes == 1 or area.node >= nodes):
            raise UsageError(f"numa_nodes: a swap device is to lie on node {area.node}, and the "
                             f"guest's nodes are {nodes}; raise numa_nodes")
    if nodes == 1:
        return layout
    inside = next((area.kind for area in device.areas if area.kind not in OUTSIDE), None)
    if inside:
        raise UsageError(f"numa_nodes: {inside} lies in the guest's RAM and leaves some of "
                         f"{nodes} nodes less of it; take device {', '.join(OUTSIDE)}")
    size, more = divmod(layout.ram // MIB, nodes)
    if size * MIB < SMALLEST_RAM:
        raise UsageError(f"numa_nodes: {layout.ram // MIB} MiB of RAM give {nodes} nodes less than "
                         f"{SMALLEST_RAM // MIB} MiB each; raise ram_mib")
    # The kernel warns of CPUs of one socket on two nodes; QEMU puts this to the -smp of all guests.
    args = [*layout.args, "-smp", f"sockets={nodes if vcpus % nodes == 0 else vcpus}"]
    for node in range(nodes):
        cpus = "".join(f",cpus={cpu}" for cpu in range(vcpus) if cpu * nodes // vcpus == node)
        args += ["-object",
                 f"memory-backend-ram,id=node{node},size={size + (more if not node else 0)}M",
                 "-numa", f"node,nodeid={node},memdev=node{node}{cpus}"]
    return dataclasses.replace(layout, args=tuple(args))
