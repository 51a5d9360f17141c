# SPDX-License-Identifier: GPL-2.0-only
"""The command line.  Every command is a function that returns an exit status."""
from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from runner import (__version__, budgetfile, campaign, compare, doctor, locktable, paths, plan,
                    programs, report)
from runner.errors import Exit, SwapscaleError, UsageError
from runner.evidence import Campaign
from runner.kernel import build, spec
from runner.metrics.sample import measure
from runner.plan import Experiment
from runner.progress import Progress
from runner.records import DEVICES, FLAVOURS, MIB, Sample, SwapDevice
from runner.verdict import Comparison
from runner.vm import accel, shell

DEFAULT_EXPERIMENT = paths.CONFIGS / "bench.toml"

EPILOG = """\
start here:
  ./swapscale doctor                    what this machine can do, what it lacks
  ./swapscale run configs/bench.toml    vanilla against patched, as 'make bench' does
  ./swapscale compare 6.1:vanilla 6.1:batch-add
  ./swapscale shell 6.1:vanilla         look around in the guest

kernels are written SOURCE:SERIES (6.1:vanilla, 6.12:vanilla, 6.1:./my/series),
git:/src/linux@v6.9, tarball:/path/linux-6.6.tar.xz, dir:/src/linux or
image:/boot/vmlinuz-6.1.0; './swapscale kernel list' shows the ready ones.

exit status: 0 no regression, 1 regressed or unsound, 2 usage or configuration,
3 inconclusive, 4 could not measure, 130 interrupted.
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
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    one = commands.add_parser("doctor", help="what this machine has, lacks, and what mends it")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=do_doctor)

    kernel = commands.add_parser("kernel", help="list or build kernels")
    actions = kernel.add_subparsers(metavar="ACTION", required=True)
    one = actions.add_parser("list", help="sources and series this checkout knows")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=do_kernel_list)
    one = actions.add_parser("build", help="build into the cache")
    one.add_argument("kernel", nargs="+", help="such as 6.1:vanilla")
    one.add_argument("--flavour", choices=(*FLAVOURS, "measured", "all"), default="measured",
                     help="perf: as shipped; lockstat: with lock counts; debug: for torture; "
                     "measured: the first two (default: %(default)s)")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=do_kernel_build)

    one = commands.add_parser("run", help="run an experiment, print the comparison")
    one.add_argument("experiment", nargs="?", type=Path, help="a file such as configs/bench.toml")
    one.add_argument("--resume", type=Path, metavar="CAMPAIGN",
                     help="go on with an interrupted campaign's folder")
    one.add_argument("--results", type=Path, metavar="DIR", help="where campaigns go "
                     "(default: results/ of the checkout)")
    _output(one)
    one.set_defaults(run=do_run)

    one = commands.add_parser("compare", help="two kernels (runs them), or two campaigns")
    one.add_argument("base", metavar="A", help="a kernel, a campaign's folder or a samples.jsonl")
    one.add_argument("test", metavar="B", help="the same kind of thing, judged against A")
    one.add_argument("--experiment", type=Path, default=DEFAULT_EXPERIMENT,
                     help="devices, workload and thresholds (default: configs/bench.toml)")
    one.add_argument("--results", type=Path, metavar="DIR", help="where campaigns go")
    _output(one)
    one.set_defaults(run=do_compare)

    one = commands.add_parser("report", help="print a campaign's comparison again")
    one.add_argument("campaign", type=Path, help="a folder under results/")
    one.add_argument("--recompute", action="store_true",
                     help="take every metric anew from the evidence")
    one.add_argument("--budget", type=Path, metavar="FILE",
                     help="hold lock counts against this budget file")
    one.add_argument("--locks", action="store_true", help="print lock acquisitions per page "
                     "instead, a row per kernel, as Markdown")
    _output(one)
    one.set_defaults(run=do_report)

    one = commands.add_parser("budget", help="a campaign's lock counts as budgets of its kernels")
    one.add_argument("campaign", type=Path, help="a folder under results/")
    one.add_argument("--write", action="store_true", help="into the budget file of its experiment, "
                     "and into the page that shows it")
    one.set_defaults(run=do_budget)

    one = commands.add_parser("shell", help="boot a kernel interactively; Ctrl-A X leaves")
    one.add_argument("kernel", help="such as 6.1:vanilla")
    one.add_argument("--flavour", choices=FLAVOURS, default="perf")
    one.add_argument("--device", choices=DEVICES, default="pmem")
    one.add_argument("--swap-mib", type=_whole(16, 1 << 20), default=512, metavar="N")
    one.add_argument("--ram-mib", type=_whole(128, 1 << 20), default=256, metavar="N")
    one.add_argument("--vcpus", type=_whole(1, 64), default=2, metavar="N")
    one.add_argument("--accelerator", choices=("auto", "kvm", "tcg"), default="auto")
    one.set_defaults(run=do_shell)
    return top


class _whole:
    """argparse type: a whole number in low..high."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not self.low <= int(text) <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is not in {self.low}..{self.high}")
        return int(text)


def _output(one: argparse.ArgumentParser) -> None:
    one.add_argument("--format", choices=sorted(report.FORMATS), default="text",
                     help="what is printed (default: %(default)s)")
    one.add_argument("--json", action="store_const", const="json", dest="format",
                     help="short for --format json")


def do_doctor(args: argparse.Namespace, progress: Progress) -> Exit:
    findings = doctor.examine(progress)
    print(json.dumps(doctor.as_data(findings), indent=1) + "\n" if args.json
          else doctor.text(findings), end="")
    lacking = any(one.state == "missing" for one in findings)
    return Exit.CANNOT_MEASURE if lacking else Exit.OK


def do_kernel_list(args: argparse.Namespace, progress: Progress) -> Exit:
    known = build.names()
    if args.json:
        print(json.dumps([one.as_data() for one in known], indent=1))
    else:
        for one in known:
            print(one.line())
    return Exit.OK


def do_kernel_build(args: argparse.Namespace, progress: Progress) -> Exit:
    flavours = {"measured": ("perf", "lockstat"), "all": FLAVOURS}.get(args.flavour,
                                                                       (args.flavour,))
    built = [build.build(name, flavour, progress) for name in args.kernel for flavour in flavours]
    if args.json:
        print(json.dumps([{"kernel": one.name, "flavour": one.flavour, "key": one.key,
                           "release": one.release, "image": str(one.image),
                           "image_sha256": one.image_sha256} for one in built], indent=1))
    else:
        for one in built:
            print(f"{one.name} {one.flavour or 'image'}: Linux {one.release}, {one.image}")
    return Exit.OK


def do_run(args: argparse.Namespace, progress: Progress) -> Exit:
    if (args.experiment is None) == (args.resume is None):
        raise UsageError("run: give an experiment file, or --resume and a campaign's folder; "
                         "see 'swapscale run --help'")
    if args.resume:
        if args.results:
            raise UsageError("run: --results is for a new campaign; --resume goes on in its folder")
        home, experiment, record = campaign.reopen(args.resume)
        return _run(experiment, home, record, args.format, progress)
    return _run_new(plan.load(args.experiment), args, progress)


def _run_new(experiment: Experiment, args: argparse.Namespace, progress: Progress) -> Exit:
    home, experiment, record = campaign.reopen(campaign.create(experiment, args.results).folder)
    return _run(experiment, home, record, args.format, progress)


def _run(experiment: Experiment, home: Campaign, record: campaign.Record, form: str,
         progress: Progress) -> Exit:
    progress.log(f"{experiment.title}: results in {home.folder}")
    try:
        programs.build(progress)
        samples = campaign.run(experiment, home, progress, record)
    except KeyboardInterrupt:
        progress.log(f"interrupted; what was measured is kept. Go on with: "
                     f"./swapscale run --resume {home.folder}")
        raise
    return _report(samples, experiment, home, form, progress)


def _report(samples: list[Sample], experiment: Experiment, home: Campaign, form: str,
            progress: Progress) -> Exit:
    comparison = compare.campaign(samples, experiment)
    for note in report.write_all(comparison, home.folder):
        progress.log(note)
    progress.log(f"report with pictures: {home.folder / report.FILES['html']}")
    for line in comparison.over_budget():
        progress.log(line)
    print(report.FORMATS[form](comparison), end="")
    return comparison.exit


def do_report(args: argparse.Namespace, progress: Progress) -> Exit:
    home, experiment, record = campaign.reopen(args.campaign)
    if args.budget:
        experiment = locktable.judged_by(experiment, args.budget)
    samples = home.samples()
    if args.recompute:
        samples = [dataclasses.replace(one, metrics=measure(home.folder / one.evidence,
                                                            one.cell.tier))
                   if one.metrics else one for one in samples]
    if args.locks:
        print(locktable.page(locktable.of(samples, experiment, home, record), home), end="")
        return Exit.OK
    return _report(samples, experiment, home, args.format, progress)


def do_budget(args: argparse.Namespace, progress: Progress) -> Exit:
    home, experiment, record = campaign.reopen(args.campaign)
    if args.write and not experiment.budget:
        raise UsageError(f"{home.experiment_file}: names no budget; say budget = \"NAME\" in the "
                         "experiment")
    found = locktable.of(home.samples(), experiment, home, record)
    if args.write:
        found, written = locktable.keep(found)
        for file in written:
            progress.log(f"wrote {file}")
    else:
        print(budgetfile.to_text(found), end="")
    return Exit.OK


def do_compare(args: argparse.Namespace, progress: Progress) -> Exit:
    stored = [compare.is_stored(name) for name in (args.base, args.test)]
    if any(stored):
        if not all(stored):
            raise UsageError(f"compare: {args.base} and {args.test} are not of one kind; give two "
                             "kernels, or two campaigns or samples.jsonl files")
        comparison: Comparison = compare.stored(Path(args.base), Path(args.test),
                                                plan.load(args.experiment).rules)
        print(report.FORMATS[args.format](comparison), end="")
        return comparison.exit
    if args.base == args.test:
        raise UsageError(f"compare: {args.base} is the same kernel twice; name two")
    kernels = (args.base, args.test)
    for name in kernels:
        spec.parse(name)
    return _run_new(plan.load(args.experiment, kernels), args, progress)


def do_shell(args: argparse.Namespace, progress: Progress) -> Exit:
    programs.build(progress)
    kernel = build.build(args.kernel, args.flavour, progress)
    accelerator = accel.choose(args.accelerator, progress)
    status = shell.shell(kernel, accelerator, args.vcpus, args.ram_mib * MIB,
                         SwapDevice(args.device, args.swap_mib * MIB))
    return Exit.OK if status == 0 else Exit.CANNOT_MEASURE


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Run one command; every expected failure is one line on stderr and its status."""
    # A runner that is told to end must end its guests and say how to go on.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        args = parser().parse_args(argv)
        status: Exit = args.run(args, Progress())
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
