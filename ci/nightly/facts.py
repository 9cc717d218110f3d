"""What one night adds to the history, from its units alone."""

import collections

import kinds
import tally  # of ci/report


# What is measured without a lens -> what a run calls it.
MEASURES = {"gaps": "conservation_gap", "wakes": "wake_latency"}


def scope_of(unit):
    return f"{unit['kind']}/{unit['lens']}/{unit['scenario']}"


def target_of(night):
    mutant = night["options"]["mutant"]
    return night["options"]["pool"] + (f"+{mutant}" if mutant else "")


def facts(night, units, score=None):
    """`units`: [(unit record, run records)]; `score`: the night's, folded."""
    searched, outcomes = collections.Counter(), collections.Counter()
    measured = {name: collections.defaultdict(collections.Counter) for name in MEASURES}
    sightings = {}
    for unit, records in units:
        outcomes[unit["outcome"]] += 1
        for record in records:
            searched[scope_of(unit)] += tally.amount(record)
            if unit["lens"] == "none":
                for name, key in MEASURES.items():
                    for low, count in (record.get(key) or {}).get("buckets", []):
                        measured[name][unit["scenario"], unit["rescuers"]][low] += count
            for verdict in record.get("verdicts", []):
                key = verdict["signature"], scope_of(unit)
                sighting = sightings.setdefault(key, sighting_of(key, verdict))
                sighting["count"] += verdict.get("occurrences", 1)
    return {
        "target": target_of(night),
        "began": night["began"],
        "seconds": night["seconds_run"],
        "driver": night["machine"]["driver"],
        "commit": night["machine"]["commit"],
        "searched": dict(searched),
        "sightings": list(sightings.values()),
        **{name: sorted_buckets(by_place) for name, by_place in measured.items()},
        "outcomes": dict(outcomes),
        "scores": scores_of(score or {"cells": []}),
    }


def sorted_buckets(by_place):
    return {place: sorted(buckets.items()) for place, buckets in by_place.items()}


def scores_of(score):
    """{bug: [found, trials]} of what must be found."""
    result = {}
    for cell in score["cells"]:
        if cell.get("must_find") and cell["trials"]:
            bug = f"{cell['group']}/{cell['bug']} under {cell['lens']}"
            found, trials = result.get(bug, (0, 0))
            result[bug] = [found + cell["found"], trials + cell["trials"]]
    return result


def sighting_of(key, verdict):
    signature, scope = key
    what = {"verdict": verdict["verdict"], "what": verdict["what"]}
    return {"signature": signature, "scope": scope, "count": 0, **what}


def states(account):
    """signature -> its state; the worst of its scopes: seen here and new most."""
    order = ("fixed", "not seen", "known", "returned", "new")
    result = {}
    for bucket in account["buckets"]:
        here = result.get(bucket["signature"], "fixed")
        result[bucket["signature"]] = max(here, bucket["state"], key=order.index)
    return result


def exit_status(units, signature_states, strict, searched, lost=()):
    """1: new or returned (with --strict any), or a planted bug is lost; 3: something
    not judged."""
    found = {v["signature"] for _, records in units for r in records for v in r.get("verdicts", [])}
    news = [s for s in found if strict or signature_states.get(s, "new") in ("new", "returned")]
    silent = any(u["outcome"] == "finding" and not any(r.get("verdicts") for r in rs) for u, rs in units)
    if news or silent or lost:
        return 1
    failed = any(unit["outcome"] in kinds.INFRASTRUCTURE for unit, _ in units)
    return 3 if failed or not searched else 0
