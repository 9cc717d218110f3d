"""An explored interleaving, from the trace and the story of its finding."""

import dataclasses
import re

STEP = re.compile(r"^(->)?\s+(\d+)  (thread \d+(?: \([^)]*\))?)\s+(.*?)\s{2,}(\S.*)$")
MISSED = re.compile(r"^\s+Missed wakeup, ([^:]+): (thread \d+)(?: \([^)]*\))? in step (\d+) \((.*?)\) (.*)$")
STUCK = re.compile(r"^\s+(thread \d+)(?: \([^)]*\))? is stuck: (.*)$")
PLACE = re.compile(r"^(\S+?):(\d+) in (.*)$")


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
    stuck: dict  # thread -> what it does there

    def threads(self):
        return sorted({step.thread for step in self.steps}, key=lambda t: int(t.split()[1]))


def short(thread):
    return re.match(r"thread \d+", thread)[0]


def parse(text):
    lines = text.splitlines()
    story = Story(lines[0] if lines else "", [], [], {})
    for line in lines:
        match = STEP.match(line)
        if match:
            step = Step(int(match[2]), match[3], match[4].strip(), match[5].strip(), bool(match[1]))
            story.steps.append(step)
            continue
        match = STUCK.match(line)
        if match:
            story.stuck[match[1]] = match[2]
            continue
        match = MISSED.match(line)
        if match and story.stuck:
            sleeper = list(story.stuck)[-1]
            missed = Missed(match[1], match[2], int(match[3]), match[4], match[5], sleeper)
            story.missed.append(missed)
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
    """(object, name, file) -> [(step, value)], where the source has a name for it."""
    values = {}
    for step in steps:
        match = VALUE.match(step.what)
        if not match or int(match[2]) > LARGEST_COUNT:
            continue
        file, line, _ = step.place()
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


def statuses(steps, sources):
    """Object -> [(step, value)] of what is called `status` in a p.h: a lane for
    each P, in the order in which the lens numbered them."""
    lanes = {}
    for (object_name, name, file), series in variables(steps, sources).items():
        if name == "status" and file.endswith("/p.h"):
            lanes[object_name] = series
    return [lanes[key] for key in sorted(lanes, key=lambda o: int(re.sub(r"\D", "", o) or 0))]
