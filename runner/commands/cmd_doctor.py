# SPDX-License-Identifier: GPL-2.0-only
"""swapscale doctor: what this machine has, lacks, and what mends it."""
from __future__ import annotations

import argparse
import json

from runner.commands.options import Commands
from runner.errors import Exit
from runner.host import doctor
from runner.progress import Progress


def add(commands: Commands) -> None:
    parser = commands.add_parser("doctor", help="what this machine has, lacks, and what mends it")
    parser.add_argument("--verbose", action="store_true", help="everything, one line each")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=do_doctor)


def do_doctor(args: argparse.Namespace, progress: Progress) -> Exit:
    findings = doctor.examine(progress)
    print(json.dumps(doctor.as_data(findings), indent=1) + "\n" if args.json
          else doctor.verbose(findings) if args.verbose else doctor.text(findings), end="")
    lacking = any(finding.state == "missing" for finding in findings)
    return Exit.CANNOT_MEASURE if lacking else Exit.OK
