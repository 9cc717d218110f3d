"""What was searched, what was found, and how long Ps idled beside work: one
page of Markdown, made from the run records alone."""

import collections
import dataclasses

NANOSECONDS = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns"))


# Never clean: the tool failed, or it hung and no judge can say why.
NOT_JUDGED = ("failed", "unjudged")


def not_judged(outcomes):
    return sum(outcomes[outcome] for outcome in NOT_JUDGED)


@dataclasses.dataclass
class Tally:
    """Sums over the runs of one scenario in one mode."""

    runs: int = 0
    rounds: int = 0
    tasks: int = 0
    seconds: float = 0.0
    gaps: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    longest_gap: int = 0

    def add(self, record):
        self.runs += 1
        self.rounds += record.get("rounds", 0)
        self.tasks += record.get("tasks_finished", 0)
        self.seconds += record.get("duration_s", 0)
        gap = record.get("conservation_gap") or {}
        for low, count in gap.get("buckets", []):
            self.gaps[low] += count
        self.longest_gap = max(self.longest_gap, gap.get("max_ns", 0))

    def quantile(self, q):
        """Lower bound of the bucket that holds it; 0 without gaps."""
        left = q * sum(self.gaps.values())
        for low in sorted(self.gaps):
            left -= self.gaps[low]
            if left <= 0:
                return low
        return 0


def duration(ns):
    for scale, unit in NANOSECONDS:
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return "0"


def count(n):
    for scale, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if n >= scale:
            return f"{n / scale:.3g}{unit}"
    return str(n)


def tallies(records):
    by_mode = collections.defaultdict(Tally)
    for record in records:
        rescuers = "on" if record.get("rescuers") in (True, "on") else "off"
        by_mode[record.get("scenario", "?"), rescuers].add(record)
    return by_mode


def gap_table(by_mode):
    yield "| scenario | rescuers | runs | rounds | tasks | gap p50 | p99 | p99.9 | max |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for (scenario, rescuers), tally in sorted(by_mode.items()):
        gaps = [duration(tally.quantile(q)) for q in (0.5, 0.99, 0.999)]
        gaps.append(duration(tally.longest_gap))
        cells = [scenario, rescuers, tally.runs, count(tally.rounds), count(tally.tasks)]
        yield "| " + " | ".join(map(str, cells + gaps)) + " |"


def findings(records):
    """signature -> (times seen, the first verdict with it, its run)."""
    seen = {}
    for record in records:
        for verdict in record.get("verdicts", []):
            times, first, run = seen.get(verdict["signature"], (0, verdict, record))
            seen[verdict["signature"]] = (times + 1, first, run)
    return seen


def finding_lines(records, out):
    for signature, (times, verdict, run) in sorted(findings(records).items()):
        yield f"- **{verdict['verdict']}** in {run.get('scenario')}, seen {times}x: {verdict['what']}"
        yield f"  - folder: {out}/{verdict.get('folder', 'finding-' + signature)}"
        yield f"  - repeat: `{verdict['command']}`"


def verdict_line(records, outcomes):
    found, failed = outcomes["finding"], not_judged(outcomes)
    rounds = sum(record.get("rounds", 0) for record in records)
    if found:
        return f"FOUND {len(findings(records)) or found} kinds of failure in {count(rounds)} rounds."
    if failed:
        return f"NOT CLEAN: {failed} units could not be judged; see driver.log."
    if rounds == 0:
        return "NOTHING RAN."
    return (
        f"Found nothing in {rounds} rounds: each has failed with a rate below "
        f"{3 / rounds:.2g} (95 % confidence, for schedules like those that ran)."
    )


def page(records, outcomes, not_run, night):
    """The lines of summary.md."""
    yield "# Reveille, a night of stress"
    yield ""
    yield verdict_line(records, outcomes)
    yield ""
    yield (
        f"Pool {night['pool']}, root seed {night['seed']}, {night['seconds']:.0f} s, "
        + ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
        + (f", {not_run} planned and not run" if not_run else "")
        + "."
    )
    if findings(records):
        yield from ("", "## Findings", "")
        yield from finding_lines(records, night["out"])
    yield from ("", "## Searched; how long a P idled beside runnable work", "")
    yield from gap_table(tallies(records))
    yield from ("", f"Raw results: {night['out']}/results.jsonl, driver.log beside it.")
