"""A driver that is made up, for tests: plays what $PLAY says.

PLAY="clean"            every unit alike
PLAY="crash,clean"      the first unit crashes, the second is clean, and the
                        last word counts for all after it

A unit lasts $UNIT_SECONDS, and until there is the file $UNIT_UNTIL, if that is set.
$BROKEN names a kind whose units cannot begin, $BLIND a lens whose canary is not seen.
"""

import pathlib

# Without site and with few imports: it is started hundreds of times.
SOURCE = r"""#!/usr/bin/env -S python3 -I -S
import json, os, pathlib, sys, time

LISTS = {"scenarios": "burst  submission timing\n    more\nmix    all of it",
         "pools": "mpg\nreference", "mutants": "pre-seed  the protocol before the seed"}
if sys.argv[1] == "list":
    if "--json" in sys.argv:
        zoo = [{"name": "ape", "pool": "zoo-ape"}, {"name": "cat", "pool": "zoo-cat"}]
        print(json.dumps(zoo if sys.argv[2] == "zoo" else []))
    else:
        print(LISTS[sys.argv[2]])
    sys.exit(0)
if sys.argv[1] == "--version":
    print("reveille 0.1.0 (made up)")
    sys.exit(0)
kind = sys.argv[1]
if kind == "replay":
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps({"kind": kind, "folder": sys.argv[2]}) + "\n")
    same = os.environ["PLAY"] != "lost" or not os.path.exists(os.environ["CALLS"] + ".once")
    open(os.environ["CALLS"] + ".once", "w").close()
    print("reveille replay: " + ("the same 9 steps" if same else "diverged"), file=sys.stderr)
    sys.exit(1 if same else 3)
given = dict(word[2:].split("=", 1) for word in sys.argv[2:] if "=" in word)
if kind == "explore" and given["pool"].startswith("zoo-"):
    sys.exit(os.environ.get("BLIND") != kind)
out = pathlib.Path(given["out"])
plays = os.environ["PLAY"].split(",")
number = int(out.name.strip(".").split(".")[0])
play = "usage" if os.environ.get("BROKEN") == kind else plays[min(number, len(plays) - 1)]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps({"number": number, "kind": kind, "driver": sys.argv[0], **given}) + "\n")

if kind == "score":
    cell = {"bug": given["zoo"], "group": "zoo", "lens": given["lenses"], "rescuers": False, "planned": 1,
            "trials": 1, "failed_trials": 0, "found": 1, "right_verdict": 1, "verdicts": {"deadlock": 1},
            "places": {"burst/2": 1}, "expected": True, "must_find": True,
            "each": [{"trial": 0, "found": True, "right": True, "seconds": 0.5, "searched": 7}],
            "median_seconds": 0.5, "median_schedules": 7}
    if play == "blind":
        cell |= {"found": 0, "right_verdict": 0, "verdicts": {}, "places": {},
                 "each": [{"trial": 0, "found": False, "right": False, "seconds": 60, "searched": 900}]}
    score = {"schema": "reveille-score/1", "complete": True, "cells": [cell]}
    (out / "score.json").write_text(json.dumps(score))
record = {"schema": "reveille-run/1", "scenario": given.get("scenario", kind), "seed": int(given["seed"]),
          "rescuers": given["rescuers"] == "on", "outcome": "clean", "duration_s": 0.1, "verdicts": []}
if kind == "explore":
    record |= {"schedules": 500, "distinct": 400, "steps": 9000, "progress": [[0.1, 200, 190], [0.2, 500, 400]]}
else:
    record |= {"rounds": 10, "tasks_finished": 1000,
               "conservation_gap": {"buckets": [[1000, 99], [2000000, 1]], "max_ns": 2500000},
               "wake_latency": {"buckets": [[int(os.environ.get("WAKE_NS", "4096")), 7]], "max_ns": 9000000}}

def result(**changes):
    with open(out / "results.jsonl", "a") as file:
        file.write(json.dumps(record | changes) + "\n")

def found(signature, verdict="idle-worker-with-runnable-work"):
    folder = out / f"finding-{signature}"
    folder.mkdir()
    command = f"reveille stress --scenario={given['scenario']} --seed={given['seed']} --round=3"
    entry = {"verdict": verdict, "what": "1 of 2 <idle> & | runnable", "signature": signature,
             "folder": folder.name, "round": 3, "command": command}
    (folder / "verdict.json").write_text(json.dumps(entry))
    (folder / "state.txt").write_text("SCHED 1ms: idleprocs=1\n  P0: status=idle\n")
    result(outcome="finding", verdicts=[entry])
    sys.exit(1)

if play in ("asked", "deaf", "killed", "slow"):
    import signal, subprocess
if play == "asked":
    signal.signal(signal.SIGINT, lambda *_: (result(outcome="interrupted"), sys.exit(0)))
if play in ("slow", "asked", "deaf"):
    if play == "deaf":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    # A grandchild that nobody waits for: it has to go, too.
    child = subprocess.Popen(["sleep", "60"])
    pathlib.Path(os.environ["RUNNING"]).write_text(str(child.pid))
    time.sleep(60)
if play == "memory":
    block = b"x" * (300 << 20)
    time.sleep(60)
if play == "crash":
    os.abort()
if play == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if play == "failed":
    result(outcome="failed", rounds=0, error="no descriptors")
    sys.exit(3)
if play == "usage":
    print("reveille stress: --chaos: no such thing", file=sys.stderr)
    sys.exit(2)
if play == "unjudged":
    result(outcome="unjudged")
    sys.exit(3)
if play == "silent":
    sys.exit(0)
if play == "lost":
    found("abc123")
if play == "other":
    found("def456", "lost-task")
if play == "crash-after-finding":
    try:
        found("abc123")
    finally:
        os.abort()
if play == "half-line":
    result()
    with open(out / "results.jsonl", "a") as file:
        file.write('{"outcome": "cle')
    sys.exit(0)
if play == "full":
    try:
        (out / "big").write_bytes(b"x" * (32 << 20))
    except OSError as error:
        print(f"reveille: cannot write: {error.strerror}", file=sys.stderr)
        sys.exit(3)
time.sleep(float(os.environ.get("UNIT_SECONDS", "0.01")))
until = os.environ.get("UNIT_UNTIL")
while until and not os.path.exists(until):
    time.sleep(0.01)
result()
"""


# Of sanitizers' trees, whose canaries are tests.
CANARIES = {"tsan": ("thread",), "asan": ("address", "leak")}
TEST = """add_test(canary.{name} "/bin/sh" "-c" "test \\"$BLIND\\" != {preset}")\n"""


def build_tree(folder, explore=True, presets=("release",), mutant=""):
    """A build folder with such a driver for each preset; returns its path."""
    root = pathlib.Path(folder, "build")
    for preset in presets:
        tests = "".join(TEST.format(name=name, preset=preset) for name in CANARIES.get(preset, ()))
        (root / preset).mkdir(parents=True, exist_ok=True)
        (root / preset / "CTestTestfile.cmake").write_text(tests)
        names = ["reveille"] + (["reveille_explore"] if explore and preset == "release" else [])
        names += [f"mutants/{mutant}/{name}" for name in names] if mutant else []
        for name in names:
            path = root / preset / "bin" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SOURCE)
            path.chmod(0o755)
    return root
