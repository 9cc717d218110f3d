"""Sums over run records, and how numbers are said."""

import collections
import dataclasses
import math


@dataclasses.dataclass
class Durations:
    """A histogram that adds up: lower end of a bucket -> count, in nanoseconds."""

    buckets: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    longest: int = 0

    def add(self, recorded):
        """What a run says of one; None where it was not measured."""
        for low, count in (recorded or {}).get("buckets", []):
            self.buckets[low] += count
        self.longest = max(self.longest, (recorded or {}).get("max_ns", 0))

    def count(self):
        return sum(self.buckets.values())

    def quantile(self, q):
        """Lower end of the bucket that holds it; 0 of nothing."""
        left = q * self.count()
        for low in sorted(self.buckets):
            left -= self.buckets[low]
            if left <= 0:
                return low
        return 0

    def ccdf(self):
        """[(lower end of a bucket, share that is at least so long)]."""
        total = remaining = self.count()
        points = []
        for low in sorted(self.buckets):
            points.append((low, remaining / total))
            remaining -= self.buckets[low]
        return points


@dataclasses.dataclass
class Tally:
    """Over the runs of one scenario, say, in one mode."""

    runs: int = 0
    rounds: int = 0
    schedules: int = 0
    executions: int = 0
    distinct: int = 0
    steps: int = 0
    tasks: int = 0
    seconds: float = 0.0
    verdicts: int = 0
    gaps: Durations = dataclasses.field(default_factory=Durations)
    wakes: Durations = dataclasses.field(default_factory=Durations)

    def add(self, record):
        self.runs += 1
        self.rounds += record.get("rounds", 0)
        self.schedules += record.get("schedules", 0)
        self.executions += record.get("executions", 0)
        self.distinct += record.get("distinct", 0)
        self.steps += record.get("steps", 0)
        self.tasks += record.get("tasks_finished", 0)
        self.seconds += record.get("duration_s", 0)
        self.verdicts += len(record.get("verdicts", []))
        self.gaps.add(record.get("conservation_gap"))
        self.wakes.add(record.get("wake_latency"))

    def amount(self):
        return sum(getattr(self, name) for name in AMOUNTS)


# What a run looked at is counted in one of these: rounds on real threads, explored
# schedules, executions of a fuzz target.
AMOUNTS = ("rounds", "schedules", "executions")


def amount(record):
    return sum(record.get(name, 0) for name in AMOUNTS)


def total(records):
    result = Tally()
    for record in records:
        result.add(record)
    return result


def rule_of_three(n):
    """The rate that n runs without a failure exclude with 95 % confidence."""
    return 3 / n if n else 1.0


def rate_interval(k, n):
    """Wilson's 95 % interval of k out of n."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.96, min(1.0, k / n)
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def duration(ns):
    for scale, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return "0"


def count(n):
    for scale, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if n >= scale:
            return f"{n / scale:.3g}{unit}"
    return str(n)


def rate(value):
    return "0" if value == 0 else f"{value:.2g}"


def clock(seconds):
    seconds = int(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    if seconds >= 120:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds} s"


def verdicts(records):
    return [verdict for record in records for verdict in record.get("verdicts", [])]


def searched(records):
    """What the runs of one unit looked at, in half a line."""
    sums = total(records)
    if sums.schedules:
        return f"{count(sums.schedules):>6s} schedules, about {count(sums.distinct)} distinct"
    if sums.executions:
        last = records[-1]
        added = last.get("corpus", {}).get("added", 0)
        grown = f"{last.get('edges', 0)} edges, {last.get('features', 0)} features, +{added} inputs"
        return f"{count(sums.executions):>6s} executions, {grown}"
    if not sums.rounds:
        return ""
    gap = ""
    if sums.gaps.buckets:
        gap = f", gap p99.9 {duration(sums.gaps.quantile(0.999))} max {duration(sums.gaps.longest)}"
    return f"{count(sums.rounds):>6s} rounds {count(sums.tasks):>6s} tasks{gap}"
