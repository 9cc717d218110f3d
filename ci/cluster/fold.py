"""The merge: a fold over units that knows no order and no repetition.

What is folded is a set, unit number -> what the unit says without its times.
Joining two sets is their union; it commutes, associates, and a set joined with
itself is itself. All sums are taken from the whole set at the end.
"""

import collections
import hashlib
import json

import kinds
import store as stores
import tally  # of ci/report

SCHEMA = "reveille-merged/1"
# What of a result line is decided by the unit's number in an exact campaign.
COUNTS = ("schedules", "distinct", "steps", "rounds", "tasks_finished", "executions")


def canonical(value):
    return json.dumps(value, sort_keys=True)


def summary_of(record, said):
    """What is kept of a unit; nothing that depends on when and where it ran."""
    counts = collections.Counter()
    found = {}
    for line in said:
        counts.update({name: line[name] for name in COUNTS if name in line})
        for verdict in line.get("verdicts", []):
            kept = found.setdefault(verdict["signature"], {"verdict": verdict["verdict"], "count": 0})
            kept["count"] += verdict.get("occurrences", 1)
    place = {name: record[name] for name in ("kind", "lens", "scenario", "procs", "rescuers", "chaos")}
    return place | {
        "seed": record["seed"],
        "outcome": record["outcome"],
        "counts": dict(counts),
        "found": found,
    }


def digest_of(record, said):
    return hashlib.sha256(canonical(summary_of(record, said)).encode()).hexdigest()


def join(one, other):
    """Of two sets. A unit that says two things keeps the same one of them,
    whichever came first."""
    both = one | other
    for number in one.keys() & other.keys():
        both[number] = min(one[number], other[number], key=canonical)
    return both


def units_in(folder):
    """The set of those that lie in a campaign's folder."""
    found = {}
    for path in folder.glob("units/[0-9]*/unit.json"):
        record = stores.read_json(path)
        if record:
            found[record["number"]] = summary_of(record, kinds.records(path.parent))
    return found


def disagreements_in(folder):
    paths = folder.glob("units/[0-9]*/disagreement.json")
    return sorted(int(path.parent.name) for path in paths)


def merged(record, units, disagreements=()):
    """What all of them say together."""
    asked = record["options"]
    totals, outcomes, places, found = collections.Counter(), collections.Counter(), {}, {}
    for number in sorted(units):
        unit = units[number]
        totals.update(unit["counts"])
        outcomes[unit["outcome"]] += 1
        name = place_name(unit)
        place = places.setdefault(name, {"units": 0, "counts": collections.Counter()})
        place["units"] += 1
        place["counts"].update(unit["counts"])
        for signature, kept in unit["found"].items():
            bucket = found.setdefault(signature, {"verdict": kept["verdict"], "count": 0, "units": []})
            bucket["count"] += kept["count"]
            bucket["units"].append(number)
    return {
        "schema": SCHEMA,
        "seed": asked["seed"],
        "units": asked["units"],
        "done": len(units),
        "missing": [n for n in range(asked["units"]) if n not in units],
        "disagreements": list(disagreements),
        "outcomes": dict(outcomes),
        "totals": dict(totals),
        "places": places,
        "findings": found,
    }


def place_name(unit):
    name = f"{unit['kind']}/{unit['lens']}/{unit['scenario']}"
    return f"{name}/{unit['procs']}/{unit['rescuers']}/{unit['chaos']}"


def exit_status(result):
    """1: found, or two attempts that disagree; 3: not all of it was judged."""
    if result["findings"] or result["disagreements"] or result["outcomes"].get("finding"):
        return 1
    failed = any(result["outcomes"].get(name) for name in kinds.INFRASTRUCTURE)
    searched = tally.amount(result["totals"])
    return 3 if failed or result["missing"] or not searched else 0
