# SPDX-License-Identifier: GPL-2.0-only
"""The contention model: measured inputs and a machine in, a projection out.

docs/model.md says what it rests on; model/ holds the simulator.
"""
from __future__ import annotations

from runner.model.measured import Inputs, Lock, inputs
from runner.model.machinefile import Figure, Machine
from runner.model.machinefile import load as machine
from runner.model.projection import Projection, Ratio, project, ratios
from runner.model.scenario import Effort
from runner.model.ranges import Row, sensitivity
from runner.model.swapsim import LockShare, Point, Spread

__all__ = ["Effort", "Figure", "Inputs", "Lock", "LockShare", "Machine", "Point", "Projection",
           "Ratio", "Row", "Spread", "inputs", "machine", "project", "ratios", "sensitivity"]
