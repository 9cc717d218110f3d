"""The verdict over the whole night: one line, and the numbers it rests on."""

import collections
import dataclasses

import findings
import tally

INFRASTRUCTURE = ("unjudged", "failed", "crashed", "killed", "hung", "out-of-memory")


@dataclasses.dataclass
class Judgement:
    color: str  # red, amber, green, grey
    headline: str
    details: list
    counts: dict
    outcomes: dict


def fixed(night):
    """Buckets that earlier nights knew and this one proved gone, or did not meet."""
    buckets = (night.history or {}).get("buckets", [])
    return [b for b in buckets if b["state"] in ("fixed", "not seen")]


def judge(night, found):
    sums = tally.total(night.runs())
    outcomes = collections.Counter(unit["outcome"] for unit in night.units)
    failures = sum(outcomes[outcome] for outcome in INFRASTRUCTURE)
    states = collections.Counter(finding.state for finding in found)
    counts = {
        "new": states["new"],
        "returned": states["returned"],
        "known": states["known"],
        "fixed": len({b["signature"] for b in fixed(night) if b["state"] == "fixed"}),
        "units": len(night.units),
        "planned": night.night.get("planned", 0),
        "not judged": failures,
        "rounds": sums.rounds,
        "schedules": sums.schedules,
        "executions": sums.executions,
        "distinct": sums.distinct,
        "tasks": sums.tasks,
        "cpu_s": sum(unit["cpu_s"] for unit in night.units),
        "seconds": night.night.get("seconds_run", 0),
    }
    color, headline = headline_of(night, found, counts, failures)
    return Judgement(color, headline, list(details(night, counts)), counts, dict(outcomes))


def plural(n, one, many=None):
    return f"{n} {one if n == 1 else many or one + 's'}"


def headline_of(night, found, counts, failures):
    news = counts["new"] + counts["returned"]
    silent = len(findings.without_verdict(night))
    if news or silent or (found and night.options.get("strict")):
        parts = [f"{counts[state]} {state}" for state in findings.STATES if counts[state]]
        parts += [f"{silent} without a verdict"] if silent else []
        kinds = sorted({finding.verdict for finding in found})
        return (
            "red",
            f"FOUND {plural(len(found) + silent, 'kind')} of failure ({', '.join(parts)}): {', '.join(kinds)}",
        )
    lost = night.night.get("lost", ())
    if lost:
        return "red", f"BLIND: {plural(len(lost), 'planted bug')} found before, and no more"
    if failures:
        return "amber", f"NOT CLEAN: {plural(failures, 'unit')} could not be judged"
    if night.night.get("gave_up"):
        return "amber", "NOT CLEAN: a lens was given up"
    if not tally.amount(counts):
        return "grey", "NOTHING RAN"
    if night.night.get("failed_builds"):
        return "amber", f"NOT CLEAN: no build of {', '.join(night.night['failed_builds'])}"
    if found:
        return "green", f"Nothing new; {plural(counts['known'], 'known kind')} of failure"
    return "green", "Found nothing"


def why_missing(record):
    return "for want of time, or of a lens that was given up" if record.get("gave_up") else "for want of time"


def details(night, counts):
    """What was searched, and how low the rate of what was not met must be."""
    for what, one in (("rounds", "stress round"), ("schedules", "explored schedule")):
        if counts[what]:
            rate = tally.rate(tally.rule_of_three(counts[what]))
            yield (
                f"Whatever was not met in {plural(counts[what], one)} has a rate below {rate} in each "
                f"(3/n, 95 % confidence), for workloads and schedules like those that ran."
            )
    if counts["executions"]:
        fuzzed = {unit["scenario"] for unit in night.units if unit["kind"] == "fuzz"}
        yield (
            f"{plural(len(fuzzed), 'fuzz target')} had {plural(counts['executions'], 'execution')}. From them no rate "
            f"follows: each input is chosen for what earlier ones reached."
        )
    missing = night.night.get("missing", [])
    if missing:
        yield f"{plural(len(missing), 'unit')} of {counts['planned']} planned did not run."
    if night.night.get("interrupted"):
        yield "The night was interrupted."
    if night.night.get("gave_up"):
        yield f"The night gave up: {night.night['gave_up']}"
    if night.night.get("history_failed"):
        yield night.night["history_failed"]
