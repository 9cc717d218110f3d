"""One model for both pictures of a finding, of chosen schedules and of real
threads: lanes with spans and marks, edges between lanes, counters beneath.

Time is the place in the order of events: what matters is who came before whom,
and nanoseconds and milliseconds do not fit one picture."""

import dataclasses

import flight
import story as stories

# So many of the last steps, and so many around each that missed a wakeup.
LAST_STEPS, STEPS_AROUND = 110, 8


@dataclasses.dataclass
class Lane:
    name: str
    sort: str  # P, M or queue
    spans: list = dataclasses.field(default_factory=list)  # (from, to, class, words)
    marks: list = dataclasses.field(default_factory=list)  # (at, class, words)


@dataclasses.dataclass
class Timeline:
    length: int
    lanes: list
    edges: list  # (lane, at, lane, at, words, "wake", "missed" or "also missed")
    counters: list  # (name, [(at, value)])
    ticks: list  # (at, words)
    caption: str
    note: str = ""
    breaks: list = dataclasses.field(default_factory=list)  # where steps are left out

    def missed(self):
        return [edge for edge in self.edges if edge[5] == "missed"]


def of_finding(finding, trace, sources):
    """None when the finding's folder has nothing to draw."""
    text = finding.text("story.txt")
    if text:
        return of_story(stories.parse(text), trace, sources)
    if trace:
        return of_flight(flight.parse(trace, finding.text("state.txt")), finding.record)
    return None


class Order:
    """Steps to places: the ones told, one after the other; the rest between."""

    def __init__(self, numbers):
        self.numbers = numbers

    def place(self, number):
        low, high = 0, len(self.numbers)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.numbers[middle] < number else (low, middle)
        return low

    def has(self, number):
        """Whether it lies among those told, or just beside one."""
        at = self.place(number)
        return at < len(self.numbers) and self.numbers[at] - number < 8


def of_story(story, trace, sources):
    steps, breaks = drawn(story)
    if not steps:
        return None
    order = Order([step.number for step in steps])
    end = len(steps) + 3
    threads = story.threads()
    by_short = {stories.short(name): i for i, name in enumerate(threads)}
    lanes = [p_lane(p, stints, order, end) for p, stints in stories.workers(trace).items()]
    offset = len(lanes)
    lanes += [thread_lane(name, story, steps, order, end) for name in threads]

    def lane_of(thread):
        return offset + by_short.get(stories.short(thread), 0)

    edges = [
        (lane_of(a), order.place(at), lane_of(b), order.place(to), f"{a} wakes {b}", "wake")
        for at, a, to, b in stories.wakeups(trace)
        if order.has(at) and stories.short(a) in by_short and stories.short(b) in by_short
    ]
    main = last_sleeper(story, threads)
    for missed in story.missed:
        style = "missed" if missed is main else "also missed"
        words = f"missed by {missed.sleeper}, {missed.why}: {missed.where} {missed.rest}"
        at = order.place(missed.step)
        edges.append((lane_of(missed.waker), at, lane_of(missed.sleeper), end - 1, words, style))
    counters = [
        (name, [(order.place(n), value) for n, value in series])
        for name, series in stories.counters(story.steps, sources)
    ]
    ticks = [(i, str(step.number)) for i, step in enumerate(steps) if i % 10 == 0]
    hidden = len(story.steps) - len(steps)
    note = f"{hidden} steps are not drawn, where the dotted bars are; story.txt has them." if hidden else ""
    caption = "A column per operation at which threads met, in the order of the schedule."
    return Timeline(end, lanes, edges, counters, ticks, caption, note, breaks)


def thread_of(threads, short):
    return next((name for name in threads if stories.short(name) == short), short)


def last_sleeper(story, threads):
    """Of those that missed a wakeup, the one that went to sleep last; the pool's
    threads have names, and the wakeup that one of them missed is the pool's."""
    if not story.missed:
        return None
    slept = {stories.short(step.thread): step.number for step in story.steps if step.sort == "wait"}

    def key(missed):
        named = "(" in thread_of(threads, missed.sleeper)
        return named, slept.get(missed.sleeper, 0)

    return max(story.missed, key=key)


def drawn(story):
    """The steps that the picture has room for, and where it leaves some out."""
    keep = set(range(max(0, len(story.steps) - LAST_STEPS), len(story.steps)))
    for missed in story.missed:
        near = Order([step.number for step in story.steps]).place(missed.step)
        keep |= set(range(max(0, near - STEPS_AROUND), min(len(story.steps), near + STEPS_AROUND)))
    kept = sorted(keep)
    breaks = [i for i in range(1, len(kept)) if kept[i] != kept[i - 1] + 1]
    return [story.steps[i] for i in kept], breaks


def p_lane(index, stints, order, end):
    lane = Lane(f"P{index}", "P")
    done = 0
    for first, after, thread in stints:
        begin, until = order.place(first), order.place(after)
        if begin > done:
            lane.spans.append((done, begin, "idle", f"P{index} idle"))
        if until > begin:
            lane.spans.append((begin, until, "running", f"P{index}: {thread}"))
        done = max(done, until)
    if end - 3 > done:
        lane.spans.append((done, end, "stuck", f"P{index} idle"))
    elif lane.spans:
        begin, _, style, words = lane.spans.pop()
        lane.spans.append((begin, end, style, words))
    return lane


def thread_lane(name, story, steps, order, end):
    lane = Lane(name, "M")
    asleep_since = None
    for step in story.steps:
        if step.thread != name:
            continue
        at = order.place(step.number)
        if asleep_since is not None:
            if at > asleep_since:
                lane.spans.append((asleep_since, at, "asleep", f"{name} sleeps"))
            asleep_since = None
        if step.sort == "wait":
            asleep_since = at + 1 if step in steps else at
    if asleep_since is not None:
        stuck = stories.short(name) in story.stuck
        words = f"{name} {story.stuck[stories.short(name)][0] + ', for good' if stuck else 'sleeps'}"
        lane.spans.append((min(asleep_since, end - 1), end, "stuck" if stuck else "asleep", words))
    for step in steps:
        if step.thread == name:
            sort = step.sort + (" preempts" if step.preempts else "")
            words = f"{step.number}: {step.thread} {step.what}\n{step.where}"
            lane.marks.append((order.place(step.number), sort, words))
    return lane


def of_flight(flown, record):
    events = flown.events
    if not events:
        return None
    end = len(events) + 6
    last = ((record.get("evidence") or {}).get("last") or {}).get("pool") or {}
    runnable = last.get("runnable", flown.final.get("queued", 0))
    lanes = []
    stranded = bool(runnable) and bool(last.get("idle"))
    if stranded:
        lane = Lane("runnable work", "queue")
        lane.spans.append((len(events), end, "stranded", f"{runnable} runnable, and nobody comes"))
        lanes.append(lane)
    first_p = len(lanes)
    lanes += [flown_p(flown, p, end) for p in flown.ps]
    first_m = len(lanes)
    lanes += [flown_m(flown, tid, end) for tid in flown.ms]
    row = {tid: first_m + i for i, tid in enumerate(flown.ms)}
    index = {id(event): i for i, event in enumerate(events)}
    edges = [
        (row[a.m], index[id(a)], row[b.m], index[id(b)], f"M{a.m} starts M{b.m}", "wake")
        for a, b in flight.wakeups(flown)
    ]
    if stranded:
        for i, p in enumerate(flown.ps):
            if flown.final_ps.get(p) == "idle":
                words = f"missed: work is runnable, P{p} is idle, and no wakeup is on its way"
                edges.append((0, len(events) + 1, first_p + i, len(events) + 3, words, "missed"))
    ticks = [(i, f"{(event.at - events[-1].at):.1f} us") for i, event in enumerate(events) if i % 14 == 0]
    caption = "A column per event of the flight recorder, the last ones before the verdict."
    note = (
        f"At the verdict: {last['idle']} of {last['workers']} Ps idle, {last['runnable']} runnable, "
        f"{last['searching']} searching, {last['in_transition']} between wake and run."
        if last
        else ""
    )
    return Timeline(end, lanes, edges, flight.counters(flown), ticks, caption, note)


def flown_p(flown, p, end):
    lane = Lane(f"P{p}", "P")
    for begin, until, doing in flight.p_spans(flown, p):
        stuck = until is None and doing == "idle"
        words = f"P{p} {doing}" + (" until the verdict" if until is None else "")
        lane.spans.append((begin, until or end, "stuck" if stuck else doing, words))
    for i, event in enumerate(flown.events):
        if event.p == p and event.name == "run":
            lane.marks.append((i, "run", f"G{event.g} on P{p}, {event.length:.2f} us"))
    return lane


def flown_m(flown, tid, end):
    lane = Lane(flown.ms[tid].split(" (")[0], "M")
    for begin, until, doing in flight.m_spans(flown, tid):
        lane.spans.append((begin, until or end, doing, f"{lane.name} {doing}"))
    for i, event in enumerate(flown.events):
        if event.m == tid:
            sort = {"run": "run", "startm": "wake", "wakep": "wake", "stopm": "wait"}.get(event.name, "look")
            what = f"runs G{event.g}" if event.name == "run" else event.name
            lane.marks.append((i, sort, f"{lane.name} {what}, P{event.p}, arg {event.arg}"))
    return lane
