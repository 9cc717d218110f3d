"""One unit of a night or of a campaign: one turn of one target, as a process of its
own. Writes into --out

    results.jsonl        a line with its outcome, what it executed, how it grew
    inputs/TARGET/       the inputs that it found and --corpus does not have
    finding-SIGNATURE/   see findings.py

It only reads --corpus: whoever has begun it puts the inputs there. Exit status 0
nothing found, 1 found, 2 wrong usage, 3 it could not search."""

import argparse
import json
import pathlib
import shutil
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "nightly"), str(HERE.parent / "report")]

import asked
import attempt  # of ci/nightly
import canary as canaries
import findings
import in_flight
import machine
import options
import store
import targets
import turn

FOUND, USAGE, FAILED = 1, 2, 3
SAMPLE_SECONDS = 0.5


def parse(arguments):
    parser = options.Parser(prog="one_turn", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--target", required=True)
    add("--seconds", type=asked.seconds, required=True)
    add("--seed", type=options.seed, required=True)
    add("--corpus", type=pathlib.Path, required=True)
    add("--out", type=pathlib.Path, required=True)
    add("--home", type=pathlib.Path, help="what --out will be called when it is whole")
    add("--mutant", default="")
    add("--shrink-seconds", type=asked.seconds, default=20)
    add("--canary-seconds", type=asked.seconds, default=120)
    add("--build-root", default="build")
    add("--fuzz-folder", type=pathlib.Path, default=pathlib.Path("fuzz"))
    return parser.parse_args(arguments)


class Growth:
    """[seconds, executions, edges, features, inputs], whenever more is known."""

    def __init__(self, folder, new, before):
        self.folder, self.new, self.before = folder, new, before
        self.began = self.looked = time.monotonic()
        self.samples = []

    def look(self):
        if time.monotonic() - self.looked >= SAMPLE_SECONDS:
            self.looked = time.monotonic()
            self.add(*turn.status_of(self.folder)[:3])

    def add(self, executions, edges, features, seconds=None):
        inputs = self.before + sum(1 for _ in self.new.iterdir())
        seconds = time.monotonic() - self.began if seconds is None else seconds
        known = [executions, edges, features, inputs]
        if executions and (not self.samples or self.samples[-1][1:] != known):
            self.samples.append([round(seconds, 2), *known])


class Unit:
    def __init__(self, choices, target):
        self.choices, self.target = choices, target
        self.folder = choices.out / "turn"
        self.new = choices.out / "inputs" / target.name
        self.corpus = choices.corpus / target.name
        for folder in (self.folder, self.new, self.corpus):
            folder.mkdir(parents=True, exist_ok=True)
        self.before = sum(1 for _ in self.corpus.iterdir())
        self.growth = Growth(self.folder, self.new, self.before)
        self.stopping = False
        self.process = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])

    def _stop(self, *_):
        self.stopping = True

    def run(self):
        """What came of the turn."""
        # Each unit repeats and shrinks what it met, whatever others have met: so its
        # number decides what it does.
        steps = turn.take(
            self.target,
            self.folder,
            self.new,
            self.corpus,
            self.choices.seconds,
            self.choices.seed,
            self.choices.shrink_seconds,
            lambda _: False,
            lambda: self.stopping,
        )
        end, searching = None, True
        try:
            while True:
                end = self._end_of(steps.send(end), searching)
                searching = False
        except StopIteration as over:
            came = over.value
        self.growth.add(came.executions, came.cov, came.features, came.seconds)
        return came

    def _end_of(self, command, searching):
        words = [str(word) for word in command.words]
        # Its memory is watched with ours, by whoever has begun us.
        process = attempt.Attempt(
            words, self.folder, command.limit_seconds, float("inf"), {}, command.prefix, own_session=False
        )
        while (end := process.poll()) is None:
            if self.stopping:
                process.ask_to_end()
            if searching:
                self.growth.look()
            time.sleep(in_flight.LOOK_EVERY_SECONDS)
        return end


def outcome_of(came, stopping):
    """(outcome, error)"""
    if came.death:
        return "finding", ""
    if came.failure:
        return "failed", came.failure
    if stopping:
        return "interrupted", ""
    return ("clean", "") if came.executions else ("failed", "it executed nothing")


def entry_of(unit, came):
    """Of verdicts[]; the finding's folder is there."""
    choices = unit.choices
    kept = findings.Findings(choices.out, machine.describe(), choices.home)
    facts = {"seed": choices.seed, "executions": came.executions, "mutant": choices.mutant}
    kept.write(came, facts)
    kept.tell(came)
    kept.see(came)
    folder = kept.folder(came.death.signature())
    verdict = store.read_json(folder / "verdict.json")
    names = ("signature", "verdict", "what", "frames", "size", "repeats")
    command = (folder / "command").read_text().strip()
    return {name: verdict[name] for name in names} | {
        "folder": folder.name,
        "command": command,
        "seconds": round(came.seconds, 3),
    }


def record_of(choices, target, outcome, error=""):
    return {
        "schema": "reveille-fuzz/1",
        "outcome": outcome,
        "error": error,
        "target": target.name,
        "preset": target.preset,
        "seed": choices.seed,
        "verdicts": [],
    }


def record_of_turn(unit, came):
    outcome, error = outcome_of(came, unit.stopping)
    record = record_of(unit.choices, unit.target, outcome, error)
    return record | {
        "duration_s": round(came.seconds, 3),
        "executions": came.executions,
        "edges": came.cov,
        "features": came.features,
        "corpus": {"before": unit.before, "added": sum(1 for _ in unit.new.iterdir())},
        "growth": unit.growth.samples,
        "verdicts": [entry_of(unit, came)] if came.death else [],
    }


def find(choices):
    """The target, as it is to be run, and the canary."""
    known = {t.name: t for t in targets.find(choices.build_root, choices.fuzz_folder)}
    target, canary = known.get(choices.target), known.get(targets.CANARY)
    if target and choices.mutant:
        target = targets.with_bug(target, choices.mutant)
    return target, canary


def hold(choices, target, canary):
    unit = Unit(choices, target)
    why = canaries.why_not_seen_here(canary, choices.canary_seconds, choices.corpus)
    if why:
        return record_of(choices, target, "failed", f"this unit cannot see: {why}")
    try:
        record = record_of_turn(unit, unit.run())
    except OSError as error:
        return record_of(choices, target, "failed", f"{error.filename or target.name}: {error.strerror}")
    if record["outcome"] != "failed":
        shutil.rmtree(unit.folder, ignore_errors=True)
    return record


def main():
    choices = parse(sys.argv[1:])
    target, canary = find(choices)
    for name, found in ((choices.target, target), (targets.CANARY, canary)):
        if found is None:
            print(f"one_turn: {choices.build_root} has no target {name}", file=sys.stderr)
            return USAGE
    try:
        record = hold(choices, target, canary)
        store.write_text(choices.out / "results.jsonl", json.dumps(record, sort_keys=True) + "\n")
    except (OSError, store.Unwritable) as error:
        print(f"one_turn: {error}", file=sys.stderr)
        return FAILED
    return {"finding": FOUND, "failed": FAILED}.get(record["outcome"], 0)


sys.exit(main())
