"""An explored interleaving, from the trace and the story of its finding."""

import dataclasses
import re

# How many were left out, a preemption, the step's number, its thread (number,
# name, worker), what it did, where.
STEP = re.compile(r"^[ \d]{9} (->|  ) *(\d+)  (\d+) (\S*)(?: P\d+)?\s{2,}(\S.*?)\s{2,}(\S.*)$")
MISSED = re.compile(r"^    Missed wakeup, ([^:]+): (thread \d+)(?: \([^)]*\))? in step (\d+) (.*)$")
STUCK = re.compile(r"^  (thread \d+)(?: \([^)]*\))? (\S.*)$")
STUCK_AT = re.compile(r"^    (\S+:\d+ in .*)$")
PLACE = re.compile(r"^(\S+?):(\d+) in (.*?)(?:: .*)?$")


@dataclasses.dataclass
class Step:
    number: int
    thread: str
    what: str
    where: str
    preempts: bool

    def place(self):
        """(file, line, function); nothing where the lens knows of no place."""
        match = PLACE.match(self.where)
        return (match[1], int(match[2]), match[3]) if match else ("", 0, self.where)

    @property
    def sort(self):
        """What kind of operation it is, for its colour."""
        for sort, words in (
            ("wait", ("has to wait",)),
            ("wake", ("signals", "broadcasts", "futex-wakes", "posts", "writes file", "waking")),
            ("lock", ("locks", "unlocks")),
            ("change", ("updates", "compares and swaps", "writes", "swaps", "exchanges", "stores")),
            ("life", ("creates", "starts", "ends", "joins")),
        ):
            if any(word in self.what for word in words):
                return sort
        return "look"


@dataclasses.dataclass
class Missed:
    """`waker` did, in step `step`, what should have reached `sleeper`."""

    why: str
    waker: str
    step: int
    where: str
    rest: str
    sleeper: str


@dataclasses.dataclass
class Story:
    headline: str
    steps: list
    missed: list
    stuck: dict  # thread -> (what it does there, where)

    def threads(self):
        return sorted({step.thread for step in self.steps}, key=lambda t: int(t.split()[1]))


def short(thread):
    return re.match(r"thread \d+", thread)[0]


def parse(text):
    lines = text.splitlines()
    story = Story(lines[0] if lines else "", [], [], {})
    for line in lines:
        if match := STEP.match(line):
            name = f"thread {match[3]}" + (f" ({match[4]})" if match[4] else "")
            step = Step(int(match[2]), name, match[5].strip(), match[6].strip(), match[1] == "->")
            story.steps.append(step)
        elif match := STUCK.match(line):
            story.stuck[match[1]] = (match[2], "")
        elif (match := STUCK_AT.match(line)) and story.stuck:
            thread, (what, where) = list(story.stuck.items())[-1]
            story.stuck[thread] = (what, where or match[1])
        elif (match := MISSED.match(line)) and story.stuck:
            sleeper = list(story.stuck)[-1]
            story.missed.append(Missed(match[1], match[2], int(match[3]), "", match[4], sleeper))
    places = {step.number: step.where for step in story.steps}
    for missed in story.missed:
        missed.where = places.get(missed.step, "")
    return story


def wakeups(trace):
    """[(step of the waker, its thread, step of the woken, its thread)]."""
    begun, edges = {}, []
    for event in (trace or {}).get("traceEvents", []):
        if event.get("ph") == "s":
            begun[event["id"]] = event
        elif event.get("ph") == "f" and event.get("id") in begun:
            start = begun[event["id"]]
            edges.append(
                (start["ts"] + 1, f"thread {start['tid']}", event["ts"] + 1, f"thread {event['tid']}")
            )
    return edges


VALUE = re.compile(
    r"^(?:reads|updates|compares and swaps|writes|swaps|stores) (.*?): (?:\S+ -> )?(\d+)(?!\w)"
)
LARGEST_COUNT = 64
# These count themselves up; what they count is no state.
TICKS = re.compile(r"change|tick|steps|total|spawned|finished|number|value|word")


def variables(steps, sources):
    """(object, name, file) -> [(step, value)], where there is a name for it."""
    values = {}
    for step in steps:
        match = VALUE.match(step.what)
        if not match or int(match[2]) > LARGEST_COUNT:
            continue
        file, line, _ = step.place()
        # "idle_", "status #4", or "atomic 4", which is no name.
        name = match[1].partition(" #")[0]
        if " " in name:
            name = sources.variable(file, line)
        if name:
            values.setdefault((match[1], name, file), []).append((step.number, int(match[2])))
    return values


def counters(steps, sources, most=5):
    """[(name, [(step, value)])]: members that count idle, searching or waiting
    workers and work, of the pool and not of the judges. A name with several
    objects, a status of each P, is no counter of the pool."""
    objects, series_of = {}, {}
    for (object_name, name, file), series in variables(steps, sources).items():
        if file.split("/")[0] not in ("oracles", "scenarios", "explore"):
            objects.setdefault(name, set()).add(object_name)
            series_of.setdefault(name, []).extend(series)
    chosen = []
    for name, series in series_of.items():
        if len(objects[name]) == 1 and len({v for _, v in series}) > 1 and not TICKS.search(name):
            chosen.append((name, sorted(series)))
    chosen.sort(key=lambda item: (rank(item[0]), -len(item[1])))
    return chosen[:most]


# Who is idle, who searches, what is queued: in the order in which one asks.
ASKED_FIRST = ("pidle", "nmspinning", "needspinning", "idle", "spin", "queue|runq", "wait|sleep")


def rank(name):
    return next((i for i, words in enumerate(ASKED_FIRST) if re.search(words, name)), len(ASKED_FIRST))


def workers(trace):
    """Worker -> [(first step, step after the last, the thread that it was)]."""
    result = {}
    for event in (trace or {}).get("traceEvents", []):
        if event.get("ph") == "X" and event.get("pid") == 2:
            begin = event["ts"] + 1
            result.setdefault(event["tid"], []).append((begin, begin + event["dur"], event["name"]))
    return {worker: sorted(stints) for worker, stints in sorted(result.items())}
