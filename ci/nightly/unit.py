"""Runs one unit. However the driver ends, the unit has an outcome:

clean, finding, interrupted, skipped, unjudged: as the driver says; failed: the
tool could not do it (also: it crashed, or was still there long after its time).
"""

import json
import os
import signal
import subprocess

# The driver ends its runs itself; this is for a driver that does not.
GRACE_SECONDS = 120

OUTCOME_OF_EXIT = {0: "clean", 1: "finding", 2: "failed", 3: "failed"}


def command(driver, unit, seconds, choices):
    words = [
        driver,
        "stress",
        f"--pool={choices.pool}",
        f"--scenario={unit.scenario}",
        f"--duration={seconds}s",
        f"--seed={unit.seed}",
        f"--chaos={unit.chaos}",
        f"--rescuers={unit.rescuers}",
        f"--out={choices.out}",
        "--json",
    ]
    return words + ([f"--mutant={choices.mutant}"] if choices.mutant else [])


def result_lines(text):
    """The run records among the lines of standard output."""
    records = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "outcome" in record:
            records.append(record)
    return records


def run(driver, unit, seconds, choices, log):
    """(outcome, run records). The driver's own words go to `log`."""
    words = command(driver, unit, seconds, choices)
    log.write(f"\n== unit {unit.number}: {' '.join(words)}\n")
    log.flush()
    # In a session of its own: a Control-C reaches it once, from here, for a
    # second one would end it without its result.
    child = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
    )
    try:
        said, _ = child.communicate(timeout=seconds + GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        kill(child)
        log.write(f"killed: still there {GRACE_SECONDS} s after its time\n")
        return "failed", []
    except KeyboardInterrupt:
        return "interrupted", result_lines(finish(child))
    return outcome_of(child.returncode, result_lines(said), log), result_lines(said)


def finish(child):
    """Asks the driver to end; returns what it said."""
    child.send_signal(signal.SIGINT)
    try:
        return child.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        return kill(child)


def kill(child):
    """With all that it started, which would hold its output open."""
    os.killpg(child.pid, signal.SIGKILL)
    return child.communicate()[0]


def outcome_of(status, records, log):
    said = {record["outcome"] for record in records}
    for outcome in ("finding", "unjudged", "failed", "interrupted", "skipped"):
        if outcome in said:
            return outcome
    if status not in OUTCOME_OF_EXIT:
        log.write(f"the driver ended with status {status}\n")
    if status == 0 and not records:
        log.write("the driver gave no result line\n")
        return "failed"
    return OUTCOME_OF_EXIT.get(status, "failed")
