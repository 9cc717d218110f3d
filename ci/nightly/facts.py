"""What one night adds to the history, from its units alone."""

import collections

import kinds


def scope_of(unit):
    return f"{unit['kind']}/{unit['lens']}/{unit['scenario']}"


def target_of(night):
    mutant = night["options"]["mutant"]
    return night["options"]["pool"] + (f"+{mutant}" if mutant else "")


def facts(night, units, score=None):
    """`units`: [(unit record, run records)]; `score`: the night's, folded."""
    searched, outcomes = collections.Counter(), collections.Counter()
    gaps = collections.defaultdict(collections.Counter)
    sightings = {}
    for unit, records in units:
        outcomes[unit["outcome"]] += 1
        for record in records:
            searched[scope_of(unit)] += record.get("rounds", 0) + record.get("schedules", 0)
            if unit["lens"] == "none":
                for low, count in (record.get("conservation_gap") or {}).get("buckets", []):
                    gaps[unit["scenario"], unit["rescuers"]][low] += count
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
        "gaps": {key: sorted(buckets.items()) for key, buckets in gaps.items()},
        "outcomes": dict(outcomes),
        "scores": scores_of(score or {"cells": []}),
    }


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
