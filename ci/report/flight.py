"""The last moments before a verdict on real threads, from the flight recorder
of the scheduler (trace.json) and its account of itself (state.txt).

A lane per P and per M. What a lane is doing lasts until its next event, so a
worker that stopped stays parked until an event of its own says otherwise."""

import dataclasses
import re

# So much fits a picture that a person can still read.
MOST_EVENTS = 140

# What an M does after an event of this name; "" leaves it as it was.
M_AFTER = {
    "stopm": "parked",
    "m-woke": "awake",
    "spinning": "searching",
    "reset-spinning": "awake",
    "stop-spinning": "awake",
    "poll-block": "polling",
    "poll-return": "awake",
    "block-enter": "blocked",
    "block-exit": "awake",
    "gc-stopm": "stopped",
}
RUNNABLE = ("spawn", "ready", "inject", "yield")


@dataclasses.dataclass
class Event:
    at: float
    m: int
    p: int
    name: str
    arg: int
    g: int
    length: float = 0.0  # > 0: a G that ran


@dataclasses.dataclass
class Flight:
    events: list
    ms: dict  # tid -> name
    ps: list
    final: dict  # of state.txt
    final_ps: dict  # p -> status
    final_ms: dict  # m -> state


def read_state(text):
    final = {key: int(value) for key, value in re.findall(r"\b([a-z]+)=(-?\d+)\b", text.split("\n")[0])}
    ps = {int(p): status for p, status in re.findall(r"^\s+P(\d+): status=(\w+)", text, re.M)}
    ms = {int(m): state for m, state in re.findall(r"^\s+M(\d+): state=(\w+)", text, re.M)}
    final["queued"] = sum(int(n) for n in re.findall(r"\brunqsize=(\d+)", text)) + final.get("runqueue", 0)
    return final, ps, ms


def read_events(trace):
    events, names = [], {}
    for item in (trace or {}).get("traceEvents", []):
        tid, args = item.get("tid", 0), item.get("args", {})
        if item.get("ph") == "M" and item.get("name") == "thread_name":
            names[tid] = args.get("name", f"M{tid}")
        elif item.get("ph") in ("X", "i") and "ts" in item:
            g = (
                int(item["name"][1:])
                if item["ph"] == "X" and item["name"][1:].isdigit()
                else args.get("g", 0)
            )
            name = "run" if item["ph"] == "X" else item["name"]
            length = float(item.get("dur", 0))
            events.append(
                Event(float(item["ts"]), tid, args.get("p", -1), name, args.get("arg", 0), g, length)
            )
    return events, names


def parse(trace, state_text):
    events, names = read_events(trace)
    # "run" carries what "finish" would say again.
    events = sorted((e for e in events if e.name != "finish"), key=lambda e: e.at)[-MOST_EVENTS:]
    final, final_ps, final_ms = read_state(state_text or "")
    seen = {e.p for e in events if e.p >= 0}
    ps = sorted(set(final_ps) | seen)
    # Those that did nothing in the picture are in it all the same.
    known = set(final_ms) | {e.m for e in events}
    ms = {tid: names.get(tid, f"M{tid}") for tid in sorted(known)}
    return Flight(events, ms, ps, final, final_ps, final_ms)


def wakeups(flight):
    """[(event of the waker, event of the woken)]: startm names the M."""
    edges = []
    for i, event in enumerate(flight.events):
        if event.name != "startm":
            continue
        for later in flight.events[i + 1 :]:
            if later.m == event.arg and later.name == "m-woke":
                edges.append((event, later))
                break
            if later.m == event.arg and later.name == "stopm":
                break
    return edges


def m_spans(flight, tid):
    """[(from event index, to event index or None, what)] of one M."""
    spans, since, doing = [], None, None
    for i, event in enumerate(flight.events):
        if event.m != tid:
            continue
        after = M_AFTER.get(event.name)
        if after is None:
            continue
        if doing:
            spans.append((since, i, doing))
        since, doing = i, after
    if doing:
        spans.append((since, None, doing))
    elif flight.final_ms.get(tid) in ("parked", "running"):
        # Nothing but running has happened to it since before the picture.
        spans.append((0, None, flight.final_ms[tid]))
    return [span for span in spans if span[2] != "awake"]


def p_spans(flight, p):
    """When the P lay idle: from p-idle to the next event that has it, or of
    somebody who gave it to an M."""
    spans, since = [], None
    for i, event in enumerate(flight.events):
        if event.p != p:
            continue
        if event.name == "p-idle":
            since = i
        elif since is not None:
            spans.append((since, i, "idle"))
            since = None
    if since is not None:
        spans.append((since, None, "idle"))
    elif flight.final_ps.get(p) in ("idle", "running"):
        # The state at the verdict has held since the last event of this P.
        last = max((i for i, event in enumerate(flight.events) if event.p == p), default=-1)
        spans.append((last + 1, None, flight.final_ps[p]))
    return spans


def counters(flight):
    """[(name, [(event index, value)])] of idle Ps and searching Ms."""
    result = []
    for name, lanes, doing in (
        ("idle Ps", [p_spans(flight, p) for p in flight.ps], "idle"),
        ("searching Ms", [m_spans(flight, m) for m in flight.ms], "searching"),
        ("parked Ms", [m_spans(flight, m) for m in flight.ms], "parked"),
    ):
        points = {}
        for spans in lanes:
            for begin, end, what in spans:
                if what == doing:
                    points[begin] = points.get(begin, 0) + 1
                    if end is not None:
                        points[end] = points.get(end, 0) - 1
        value, series = 0, [(0, 0)]
        for index in sorted(points):
            value += points[index]
            series.append((index, value))
        result.append((name, series))
    return result
