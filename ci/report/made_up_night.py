"""A night that is made up, for tests: everything that a page can have, and text
that would break a page that does not escape it."""

import json
import pathlib

HOSTILE = '</script><img src=x onerror=alert(1)> & "quoted" | `ticks` \u2028 \x07'

STORY = """idle-worker-with-runnable-work: 1 tasks submitted and not begun

Who cannot go on, and why

  thread 1 (worker) waits on condition 5 (has to wait) since step 13
    scheduler/note.cc:17 in internal::FutexWait: syscall(SYS_futex, word);
    Missed wakeup, before the wait: thread 0 in step 12 signals condition 5, when thread 1 (worker) did not sleep yet (step 13).
        12  thread 0 signals condition 5, reaching nobody (too early for thread 1 (worker))
            scheduler/note.cc:30 in internal::FutexWake
        13  thread 1 (worker) waits on condition 5 (has to wait), for good
            scheduler/note.cc:17 in internal::FutexWait: syscall(SYS_futex, word);
  thread 0 joins thread 1 (has to wait)
    pools/reference_pool.cc:50 in stress::End

What happened: 10 of 20 operations; before them, how many are left out
(-> marks a preemption; `replay --trace` has everything)

        1        2  0            creates thread 1                               pools/reference_pool.cc:40 in stress::Make
                 3  1 worker     starts                                         somewhere
                 4  0            updates atomic 9: 0 -> 1                       pools/none.h:0 in stress::Made
                 5  1 worker P0  updates npidle_: 0 -> 1                        scheduler/idle.cc:26 in Sched::PIdlePut: npidle_.fetch_add(1);
                 6  1 worker     waits on condition 5 (has to wait)             scheduler/note.cc:17 in internal::FutexWait
        2        9  0            signals condition 5, waking thread 1 (worker)  scheduler/note.cc:30 in internal::FutexWake
                10  1 worker     updates npidle_: 1 -> 0                        scheduler/idle.cc:43 in Sched::PIdleGet: npidle_.fetch_sub(1);
          ->    11  0            looks at <queue> & "such"                      stress/none.cc:9999 in Nothing<int>::At: if (a < b && "c")
                12  0            signals condition 5, reaching nobody           scheduler/note.cc:30 in internal::FutexWake
                13  1 worker     waits on condition 5 (has to wait)             scheduler/note.cc:17 in internal::FutexWait
        7
"""

STATE = """SCHED 88ms: gomaxprocs=2 idleprocs=1 threads=2 spinningthreads=0 runqueue=0
  P0: status=idle (listed) schedtick=39 syscalltick=0 m=-1 runqsize=0 timerslen=0
  P1: status=running schedtick=32 syscalltick=0 m=1 runqsize=1 timerslen=0
  M0: state=parked p=-1 spinning=0 handingon=0 steps=13059 tid=21442
  M1: state=running p=1 spinning=0 handingon=0 steps=12176 tid=21443
"""


def story_trace():
    events = [{"ph": "M", "pid": 1, "tid": 0, "name": "thread_name", "args": {"name": "thread 0"}}]
    for ph, tid, ts in (("s", 0, 8), ("f", 1, 9)):
        events.append(
            {"ph": ph, "pid": 1, "tid": tid, "ts": ts, "id": 512, "cat": "wakeup", "name": "wakeup"}
        )
    stint = {"ph": "X", "pid": 2, "tid": 0, "ts": 4, "dur": 2, "name": "thread 1 (worker)"}
    return {"traceEvents": [*events, stint]}


def flight_trace():
    lanes = [
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": m, "args": {"name": f"M{m} (thread {m})"}}
        for m in (0, 1)
    ]
    script = [
        (0, "spinning", 0, 0),
        (0, "run", 0, 7),
        (0, "startm", 1, 1),
        (1, "m-woke", 1, 0),
        (1, "run", 1, 8),
        (0, "p-idle", 0, 0),
        (0, "stopm", -1, 0),
        (1, "spawn", 1, 9),
        (1, "run", 1, 8),
    ]
    for at, (m, name, p, arg) in enumerate(script):
        if name == "run":
            item = {"ph": "X", "name": f"G{arg}", "dur": 0.5, "args": {"p": p, "end": "finish"}}
        else:
            item = {"ph": "i", "s": "t", "name": name, "args": {"p": p, "g": 0, "arg": arg}}
        lanes.append(item | {"pid": 1, "tid": m, "ts": 1000.0 + at})
    return {"displayTimeUnit": "ns", "traceEvents": lanes}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


class MadeUp:
    """Units are added one by one; then the night is written around them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0

    def unit(self, kind="stress", lens="none", scenario="burst", outcome="clean", why="", **run):
        number, self.count = self.count, self.count + 1
        folder = self.folder / "units" / f"{number:04d}"
        record = {
            "schema": "reveille-unit/1", "number": number, "kind": kind, "lens": lens, "scenario": scenario,
            "procs": 2 if kind == "explore" else 0, "rescuers": "on" if number % 2 else "off", "chaos": "all",
            "seed": 1000 + number, "seconds": 2, "title": f"{kind} {lens} {scenario}", "attempt": 1,
            "command": ["reveille", kind], "outcome": outcome, "why": why, "status": 0,
            "began": 1000.0 + 2 * number, "ended": 1002.5 + 2 * number, "cpu_s": 1.5, "max_rss_kib": 40000,
        }  # fmt: skip
        write(folder / "unit.json", record)
        base = {"outcome": outcome if outcome in ("finding", "clean") else "clean", "scenario": scenario}
        base |= {"duration_s": 2.0, "verdicts": []}
        if kind == "fuzz":
            base |= {"target": scenario, "preset": "fuzz", "executions": 4000, "edges": 70, "features": 210}
            base |= {"corpus": {"before": 5, "added": 2}, "growth": [[0.5, 900, 60, 100, 5], [1.5, 3000, 70, 210, 7]]}
        elif kind == "explore":
            base |= {"schedules": 900, "distinct": 700, "steps": 90000, "longest": 300}
            base |= {"progress": [[1, 400, 380], [2, 900, 700]]}
        else:
            base |= {"rounds": 50, "tasks_finished": 5000}
            buckets = [[500000 * (1 + i), 30 - i] for i in range(20)]
            base |= {"conservation_gap": {"buckets": buckets, "max_ns": 11_000_000, "resolution_ns": 500000}}
            base |= {"wake_latency": {"buckets": [[5120, 900], [61440, 9], [983040, 1]], "max_ns": 990000}}
        write(folder / "results.jsonl", json.dumps(base | run) + "\n")
        return folder

    def finding(self, signature, kind, scenario, verdict, what, texts, trace, lens="none", record=None):
        entry = {"verdict": verdict, "what": what, "signature": signature, "folder": f"finding-{signature}"}
        entry["command"] = f"reveille stress --scenario={scenario} --round=3"
        if kind == "fuzz":
            entry["command"] = f"build/fuzz/bin/{scenario} out/nightly/units/0007/finding-{signature}/input"
        if kind == "explore":
            entry |= {"preemptions": 1, "fewest_preemptions": True, "seconds": 0.7}
        folder = self.unit(kind, lens, scenario, "finding", verdicts=[entry]) / entry["folder"]
        write(folder / "verdict.json", entry | (record or {}))
        for name, text in texts.items():
            write(folder / name, text)
        if trace is not None:
            write(folder / "trace.json", trace)

    def night(self, **changes):
        machine = {"system": HOSTILE, "driver": "reveille 0.1.0 (made up)", "commit": "0123456789ab"}
        options = {"minutes": 1, "seed": 7, "jobs": 1, "pool": "mpg", "mutant": "", "only": "", "skip": ""}
        night = {
            "schema": "reveille-night/1", "options": options | {"strict": False, "build_root": "build"},
            "out": str(self.folder), "scenarios": ["burst"], "all_scenarios": ["burst", "mix", "handoff", "never"], "lenses": ["none"], "machine": machine,
            "not_run": [{"what": "lens asan", "why": HOSTILE}], "failed_builds": [], "missing": [40, 41],
            "builds": [{"preset": "release", "target": "reveille", "began": 900.0, "ended": 990.0, "status": 0}],
            "began": "2026-01-02T03:04:05.678Z", "seconds_run": 60, "interrupted": False,
            "planned": 42, "status": 0, "gave_up": "", "canaries": {"explore": ""},
        }  # fmt: skip
        write(self.folder / "night.json", night | changes)


LAST = {
    "evidence": {
        "last": {"pool": {"idle": 1, "workers": 2, "runnable": 1, "searching": 0, "in_transition": 0}}
    }
}


def green(folder):
    made = MadeUp(folder)
    for scenario in ("burst", "mix"):
        for _ in range(2):
            made.unit(scenario=scenario)
        made.unit("explore", "explore", scenario)
    made.unit("fuzz", "fuzz", "timers_fuzz")
    more = {"edges": 71, "features": 260, "corpus": {"before": 7, "added": 1}}
    made.unit("fuzz", "fuzz", "timers_fuzz", **more, growth=[[0.5, 900, 60, 150, 7], [1.0, 3000, 71, 260, 8]])
    made.unit("fuzz", "fuzz", "note_fuzz")
    made.night()
    write(made.folder / "coverage.json", line_coverage())


def line_coverage():
    return {
        "schema": "reveille-fuzz-coverage/1",
        "ended": "2026-01-01T12:00:00+00:00",
        "product": "scheduler/",
        "files": {"scheduler/a.cc": {"lines": 60, "reached": 50}, "scheduler/b.cc": {"lines": 40, "reached": 40}},
        "left": [{"file": "scheduler/a.cc", "lines": "3-10", "where": "Fatal(", "why": HOSTILE}],
        "unexplained": [{"file": "scheduler/a.cc", "lines": "20-21"}],
    }


def red(folder):
    made = MadeUp(folder)
    made.unit()
    made.finding(
        "aaaa",
        "explore",
        "handoff",
        "idle-worker-with-runnable-work",
        HOSTILE,
        {"story.txt": STORY},
        story_trace(),
        "explore",
    )
    texts = {"state.txt": STATE, "stacks.txt": HOSTILE}
    made.finding(
        "bbbb",
        "stress",
        "burst",
        "idle-worker-with-runnable-work",
        "1 of 2 idle",
        texts,
        flight_trace(),
        "tsan",
        LAST,
    )
    made.finding("cccc", "stress", "mix", "crash", "SIGSEGV", {"stderr.txt": HOSTILE}, None)
    made.finding("eeee", "fuzz", "timers_fuzz", "broken-promise", HOSTILE, {"log.txt": HOSTILE}, None, "fuzz")
    made.unit(outcome="crashed", why=HOSTILE)
    suppressed = "ThreadSanitizer: Matched 1 suppressions (pid=1):\n3 race:absl::*\n"
    write(made.unit(lens="tsan") / "stderr.txt", suppressed)
    leaks = "Suppressions used:\n  count      bytes template\n      2         80 in_a_library\n" + "-" * 53 + "\n"
    write(made.unit(lens="asan") / "stderr.txt", leaks)
    with open(made.unit() / "results.jsonl", "a") as file:
        file.write('{"outcome": "cle')
    made.night(status=1)
    bucket = {"signature": "bbbb", "scope": "stress/tsan/burst", "state": "known", "count": 3, "searched": 90}
    bucket |= {
        "rate": 0.03,
        "first_seen": "2026-01-01",
        "last_seen": "2026-01-02",
        "verdict": "idle",
        "what": "",
    }
    gone = bucket | {
        "signature": "dddd",
        "state": "fixed",
        "verdict": "lost-task",
        "nights": [[1, 50], [0, 900]],
    }
    history = {
        "nights": [{"began": "2026-01-01", "seconds": 60, "commit": "x"}] * 2,
        "buckets": [bucket | {"nights": [[2, 40], [1, 50]]}, gone],
        "previous": {
            "began": "2026-01-01",
            "gaps": [{"scenario": "burst", "rescuers": "off", "buckets": [[900000, 5]]}],
            "wakes": [{"scenario": "burst", "rescuers": "off", "buckets": [[2560, 5], [3000000, 1]]}],
        },
        "states": {"bbbb": "known", "dddd": "fixed"},
    }
    write(made.folder / "history.json", history)
    write(made.folder / "score.json", score())


def score():
    cells = []
    for bug, lens, found in (
        ("pre-seed", "explore", 20),
        ("pre-seed", "threads", 3),
        ("drift", "explore", 0),
    ):
        cell = {
            "bug": bug,
            "group": "mutants",
            "lens": lens,
            "found": found,
            "trials": 20,
            "right_verdict": found,
        }
        cells.append(cell | {"median_seconds": 0.83 if found else None, "median_schedules": 4100})
    cells.append(cells[0] | {"rescuers": True, "found": 7, "must_find": True})
    twin = {
        "bug": "drift-twin",
        "group": "zoo",
        "lens": "explore",
        "found": 1,
        "trials": 20,
        "expected": False,
    }
    return {"schema": "reveille-score/1", "cells": [*cells, twin | {"median_seconds": 1.5}]}


def empty(folder):
    made = MadeUp(folder)
    made.night(missing=list(range(42)))
