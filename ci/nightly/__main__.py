"""ci/run nightly: stresses the scheduler within a budget and says what was
searched and what was found.

Every scenario runs with rescuers off and on and with chaos on and off, round
after round until the time is over. Setup and build come on top of --minutes.
Control-C ends the night with its summary.

Exit status: 0 found nothing, 1 found something, 2 wrong usage, 3 the tool
failed, or nothing could be judged."""

import argparse
import collections
import itertools
import pathlib
import secrets
import signal
import subprocess
import sys
import time

import plan
import summary
import unit as units

FAILED = 3


def positive(text):
    value = float(text)
    if not 0 < value <= 100_000:
        raise ValueError
    return value


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="ci/run nightly",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--minutes", type=positive, required=True, metavar="N", help="time to search")
    parser.add_argument("--seed", type=lambda t: int(t, 0), help="root of all seeds (default: a new one)")
    parser.add_argument("--out", default="out/nightly", metavar="DIR", help="default: %(default)s")
    parser.add_argument("--only", default="", metavar="NAMES", help="these scenarios, with commas")
    parser.add_argument("--skip", default="", metavar="NAMES", help="not these scenarios")
    parser.add_argument("--units", type=int, metavar="N", help="at most so many units, whatever the time")
    parser.add_argument("--pool", default="mpg", help="default: %(default)s")
    parser.add_argument("--mutant", default="", help="a planted bug instead of the product")
    parser.add_argument("--driver", default="build/release/bin/reveille", help=argparse.SUPPRESS)
    parser.add_argument("--parse-only", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def fail(what):
    print(f"nightly: {what}", file=sys.stderr)
    sys.exit(FAILED)


def all_scenarios(driver):
    try:
        listed = subprocess.run([driver, "list", "scenarios"], capture_output=True, text=True)
    except OSError as error:
        fail(f"cannot run {driver}: {error.strerror}")
    lines = [line for line in listed.stdout.splitlines() if line and not line[0].isspace()]
    if listed.returncode != 0 or not lines:
        fail(f"{driver} list scenarios: exit {listed.returncode}: {listed.stderr.strip()}")
    return [line.split()[0].rstrip(":") for line in lines]


def chosen_scenarios(choices):
    known = all_scenarios(choices.driver)
    only = [name for name in choices.only.split(",") if name]
    skip = [name for name in choices.skip.split(",") if name]
    for name in only + skip:
        if name not in known:
            print(f"nightly: no scenario {name}; there are: {', '.join(known)}", file=sys.stderr)
            sys.exit(2)
    left = [name for name in (only or known) if name not in skip]
    if not left:
        print("nightly: --only and --skip leave no scenario", file=sys.stderr)
        sys.exit(2)
    return left


def open_out(folder):
    """Makes the folder; what an earlier night left there is kept beside it."""
    path = pathlib.Path(folder)
    try:
        if (path / "driver.log").exists():
            began = int((path / "driver.log").stat().st_mtime)
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began))
            path.rename(path.with_name(f"{path.name}.{stamp}"))
        path.mkdir(parents=True, exist_ok=True)
        return open(path / "driver.log", "a", encoding="utf-8")
    except OSError as error:
        fail(f"cannot write to {folder}: {error.strerror}")


class Night:
    def __init__(self, choices, scenarios, log):
        self.choices, self.scenarios, self.log = choices, scenarios, log
        self.records, self.outcomes = [], collections.Counter()
        self.began = time.monotonic()
        self.deadline = self.began + choices.minutes * 60
        self.unit_seconds = plan.unit_seconds(scenarios, choices.minutes * 60)
        self.done = 0

    def run(self):
        print(
            f"nightly: {len(self.scenarios)} scenarios x rescuers x chaos, "
            f"{self.unit_seconds} s each, for {self.choices.minutes:g} minutes; "
            f"root seed {self.choices.seed}; results in {self.choices.out}"
        )
        every = plan.units(self.scenarios, self.choices.seed)
        for unit in itertools.islice(every, self.choices.units):
            left = int(self.deadline - time.monotonic())
            # The first one runs however short the night: nothing is no answer.
            if self.done and left < 1:
                break
            if self.run_unit(unit, max(1, min(self.unit_seconds, left))) == "interrupted":
                break

    def run_unit(self, unit, seconds):
        outcome, records = units.run(self.choices.driver, unit, seconds, self.choices, self.log)
        self.outcomes[outcome] += 1
        self.records += records
        self.done += 1
        self.print_unit(unit, outcome, records)
        return outcome

    def print_unit(self, unit, outcome, records):
        tally = summary.Tally()
        for record in records:
            tally.add(record)
        left = max(0, int(self.deadline - time.monotonic()))
        print(
            f"[{left // 60:3d}:{left % 60:02d} left] {unit.title():44s} {outcome:8s} "
            f"{summary.count(tally.rounds):>6s} rounds {summary.count(tally.tasks):>6s} tasks, "
            f"gap p99.9 {summary.duration(tally.quantile(0.999))} "
            f"max {summary.duration(tally.longest_gap)}"
        )
        if outcome in summary.NOT_JUDGED:
            errors = [r["error"] for r in records if r.get("error")]
            print(f"    {'; '.join(errors) or 'see driver.log'}")
        for line in summary.finding_lines(records, self.choices.out):
            print("    " + line)
        sys.stdout.flush()

    def finish(self):
        not_run = max(0, plan.per_round(self.scenarios) - self.done)
        night = {
            "pool": self.choices.pool + (f" (mutant {self.choices.mutant})" if self.choices.mutant else ""),
            "seed": self.choices.seed,
            "seconds": time.monotonic() - self.began,
            "out": self.choices.out,
        }
        page = "\n".join(summary.page(self.records, self.outcomes, not_run, night)) + "\n"
        print("\n" + page)
        try:
            pathlib.Path(self.choices.out, "summary.md").write_text(page, encoding="utf-8")
        except OSError as error:
            print(f"nightly: cannot write the summary: {error.strerror}", file=sys.stderr)
        if self.outcomes["finding"]:
            return 1
        searched = any(record.get("rounds", 0) for record in self.records)
        return 0 if searched and not summary.not_judged(self.outcomes) else FAILED


def main():
    choices = options(sys.argv[1:])
    if choices.parse_only:
        return 0
    if choices.seed is None:
        choices.seed = secrets.randbelow(1 << 48)
    scenarios = chosen_scenarios(choices)
    log = open_out(choices.out)
    night = Night(choices, scenarios, log)
    # Also where a shell started this with interrupts ignored, as it does with &.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        night.run()
    except KeyboardInterrupt:
        night.outcomes["interrupted"] += 1
    return night.finish()


sys.exit(main())
