# SPDX-License-Identifier: GPL-2.0-only
"""The command line; runner/commands/ has a file for each command."""
from __future__ import annotations

import argparse
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

from runner import __version__
from runner.commands import COMMANDS, cmd_bisect_step, orient
from runner.errors import Exit, SwapscaleError, UsageError
from runner.progress import Progress

EPILOG = """\
start here:
  ./swapscale doctor                    what this machine can do, what it lacks
  ./swapscale run configs/bench.toml    vanilla against patched, as 'make bench' does
  ./swapscale compare 6.1:vanilla 6.1:batch-add
  ./swapscale shell 6.1:vanilla         look around in the guest

kernels are written SOURCE:SERIES (6.1:vanilla, 6.12:vanilla, 6.1:./my/series),
git:/src/linux@v6.9, tarball:/path/linux-6.6.tar.xz, dir:/src/linux or
image:/boot/vmlinuz-6.1.0; './swapscale kernel list' shows the ready ones.

exit status: 0 no regression (a claim: reproduced), 1 regressed or unsound (a claim:
not reproduced), 2 usage or configuration, 3 inconclusive, 4 could not measure,
130 interrupted.
"""


class Parser(argparse.ArgumentParser):
    """argparse with our one-line errors and our exit status."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def parser() -> Parser:
    top = Parser(prog="swapscale", epilog=EPILOG, description="Does this kernel swap out faster or "
                 "slower than that one, by how much, and because of which lock?",
                 formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action="version", version=f"swapscale {__version__}")
    commands = top.add_subparsers(metavar="COMMAND")
    top.set_defaults(run=orient.do_orient, parser=top)
    for command in COMMANDS:
        command.add(commands)
    return top


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Run one command; every expected failure is one line on stderr and its status."""
    status = _main(argv)
    # 'git bisect run' takes 1 to 127 for a verdict.
    step = argv[:1] == [cmd_bisect_step.NAME]
    return status | 128 if step and isinstance(status, Exit) else status


def _main(argv: list[str]) -> int:
    # A runner that is told to end must end its guests and say how to go on.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        args = parser().parse_args(argv)
        status: int = args.run(args, Progress())
        sys.stdout.flush()
        return status
    except SwapscaleError as error:
        print(f"swapscale: {error}", file=sys.stderr)
        return error.exit
    except KeyboardInterrupt:
        print("swapscale: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output left (a pager, head): nothing more to say.
        sys.stderr.close()
        return Exit.OK
    except OSError as error:
        print(f"swapscale: {error.filename or 'the host'}: {error.strerror or error}",
              file=sys.stderr)
        return Exit.CANNOT_MEASURE
    except Exception:
        # Python's own exit status for this is 1, which here means 'regressed'.
        traceback.print_exc()
        print("swapscale: this is a bug in swapscale; please report it with the lines above",
              file=sys.stderr)
        return Exit.CANNOT_MEASURE
