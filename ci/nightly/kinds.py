"""The kinds of unit: what each runs, and what its results mean.

However a driver ends, the unit has an outcome:

    clean, finding, interrupted, skipped, unjudged   as the driver says
    failed          the driver could not do it
    crashed, killed, hung, out-of-memory   the driver itself came to an end

The last five are the tool's own failures: a class of their own, never clean.
A kind is a function from a unit to a command line; one more kind is one more
entry here and its variants in plan.py.
"""

import json
import pathlib
import signal
import sys

INFRASTRUCTURE = ("unjudged", "failed", "crashed", "killed", "hung", "out-of-memory")
# What is said of a unit that said several things.
WORST_FIRST = ("finding", "unjudged", "failed", "interrupted", "skipped")

# The driver ends its runs itself, a slow lens's later: this is for one that
# does not. A turn of a fuzz target has up to eight of them, each with its own.
GRACE_SECONDS = {"none": 120, "explore": 120, "score": 180, "tsan": 300, "asan": 300, "fuzz": 900}

# Of a lens's driver; fuzz has a program for each of its targets.
PRESET = {"none": "release", "explore": "release", "score": "release", "tsan": "tsan", "asan": "asan"}
ONE_TURN = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "one_turn.py"
ZOO = "zoo-"
ENVIRONMENT = {"tsan": {"TSAN_OPTIONS": "print_suppressions=1"}}


def driver(build_root, lens):
    return f"{build_root}/{PRESET[lens]}/bin/reveille"


def environment(unit):
    return ENVIRONMENT.get(unit.lens, {})


def limit_seconds(unit, grace):
    shrinking = shrink_seconds(unit) if unit.kind in ("explore", "fuzz") else 0
    return unit.seconds + shrinking + (GRACE_SECONDS[unit.lens] if grace is None else grace)


def shrink_seconds(unit):
    """No more for making one finding small than for looking for more."""
    return max(5, unit.seconds)


def stress_words(unit, seconds, choices, out):
    return [
        f"--pool={choices.pool}",
        f"--scenario={unit.scenario}",
        f"--duration={seconds}s",
        f"--seed={unit.seed}",
        f"--chaos={unit.chaos}",
        f"--rescuers={unit.rescuers}",
        f"--out={out}",
        "--json",
    ]


def explore_words(unit, seconds, choices, out):
    return [
        f"--pool={choices.pool}",
        f"--scenario={unit.scenario}",
        f"--procs={unit.procs}",
        f"--rescuers={unit.rescuers}",
        f"--duration={seconds}s",
        f"--seed={unit.seed}",
        f"--jobs={choices.threads_of_unit}",
        f"--shrink-seconds={shrink_seconds(unit)}",
        f"--out={out}",
    ]


def score_words(unit, _seconds, _choices, out):
    """One trial with all the time that it is promised, also at a night's end."""
    is_zoo = unit.scenario.startswith(ZOO)
    return [
        f"--mutants={'none' if is_zoo else unit.scenario}",
        f"--zoo={unit.scenario.removeprefix(ZOO) if is_zoo else 'none'}",
        "--lenses=explore-portfolio",
        "--rescuers=off",
        "--trials=1",
        "--clean-trials=0",
        "--replays=0",
        "--shrink-seconds=0",
        f"--budget={unit.seconds}s",
        f"--seed={unit.seed}",
        f"--out={out}",
    ]


def fuzz_words(unit, seconds, choices, out):
    """The corpora lie beside the units."""
    return [
        f"--target={unit.scenario}",
        f"--seconds={seconds}",
        f"--seed={unit.seed}",
        f"--shrink-seconds={shrink_seconds(unit)}",
        f"--build-root={choices.build_root}",
        f"--fuzz-folder={choices.fuzz_folder}",
        f"--corpus={out.parent.parent / 'corpus'}",
        f"--home={out.parent / f'{unit.number:04d}'}",
        f"--out={out}",
    ]


WORDS = {"stress": stress_words, "explore": explore_words, "score": score_words, "fuzz": fuzz_words}


def command(unit, seconds, choices, out):
    """`out`: the folder of the attempt, beside those of the units."""
    if unit.kind == "fuzz":
        # Python may lose a SIGINT that comes while it still imports: the turn lets
        # it through once it listens.
        words = ["env", "--block-signal=INT", sys.executable, "-BS", str(ONE_TURN)]
    else:
        words = [driver(choices.build_root, unit.lens), unit.kind]
    words += WORDS[unit.kind](unit, seconds, choices, out)
    planted = choices.mutant and unit.kind != "score"
    return words + ([f"--mutant={choices.mutant}"] if planted else [])


def records(folder):
    """The result lines of a unit, those that are whole."""
    try:
        text = (folder / "results.jsonl").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    result = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "outcome" in record:
            result.append(record)
    return result


def last_words(folder, name="stderr.txt"):
    """The last line that it said on standard error, for a failure's reason."""
    try:
        with open(folder / name, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - 4096))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def outcome(end, said, folder, was_asked_to_end):
    """(outcome, why). What was found stays found, however the driver ended."""
    words = {record["outcome"] for record in said}
    if "finding" in words:
        return "finding", ""
    if end.why:
        return end.why.split(":")[0].replace(" ", "-"), end.why
    if end.status == -signal.SIGKILL:
        return "killed", "SIGKILL, not from here: the kernel's out-of-memory killer, or somebody"
    if was_asked_to_end and end.status in (-signal.SIGINT, -signal.SIGTERM):
        return "interrupted", ""
    if end.status < 0:
        return "crashed", f"the driver died of {signal.Signals(-end.status).name}; {last_words(folder)}"
    for word in WORST_FIRST:
        if word in words:
            errors = [record["error"] for record in said if record.get("error")]
            return word, "; ".join(errors)
    if was_asked_to_end:
        return "interrupted", ""
    if end.status != 0:
        return "failed", f"exit {end.status}: {last_words(folder)}"
    if not said:
        return "failed", "the driver gave no result line"
    return "clean", ""
