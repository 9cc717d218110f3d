"""The numbers behind the curves, for uPlot: {id, title, kind, x, series}."""

import collections

import tally


def gap_tallies(night):
    """scenario -> rescuers -> Tally, without a lens: the others slow the pool."""
    result = collections.defaultdict(dict)
    for unit in night.units:
        if unit["kind"] == "stress" and unit["lens"] == "none":
            sums = result[unit["scenario"]].setdefault(unit["rescuers"], tally.Tally())
            for run in unit.runs:
                sums.add(run)
    return {scenario: result[scenario] for scenario in sorted(result)}


def previous_tallies(night):
    """(scenario, rescuers) -> Tally of what the night before measured."""
    previous = (night.history or {}).get("previous") or {}
    result = collections.defaultdict(tally.Tally)
    for name in ("gaps", "wakes"):
        for entry in previous.get(name, []):
            measured = getattr(result[entry["scenario"], entry["rescuers"]], name)
            longest = max((low for low, _ in entry["buckets"]), default=0)
            measured.add({"buckets": entry["buckets"], "max_ns": longest})
    return dict(result)


def aligned(curves, missing=None):
    """[(name, style, [(x, y)])] -> the columns that uPlot wants."""
    xs = sorted({x for _, _, points in curves for x, _ in points})
    series = []
    for name, style, points in curves:
        values = dict(points)
        series.append({"name": name, "style": style, "y": [values.get(x, missing) for x in xs]})
    return {"x": xs, "series": series}


def gap_charts(night):
    return duration_charts(night, lambda sums: sums.gaps, previous_tallies(night))


def wake_charts(night):
    return duration_charts(night, lambda sums: sums.wakes, previous_tallies(night))


def duration_charts(night, measure, before):
    """A CCDF and a histogram per scenario that has any."""
    charts = []
    for scenario, by_rescuers in gap_tallies(night).items():
        curves, bars = [], []
        for rescuers, sums in sorted(by_rescuers.items()):
            if measure(sums).buckets:
                curves.append((f"rescuers {rescuers}", rescuers, measure(sums).ccdf()))
                bars.append((f"rescuers {rescuers}", rescuers, octaves(measure(sums))))
            earlier = before.get((scenario, rescuers))
            if earlier is not None and measure(earlier).buckets:
                curves.append((f"{rescuers}, night before", f"{rescuers} before", measure(earlier).ccdf()))
        if curves:
            chart = {"kind": "ccdf", "title": scenario} | aligned(curves)
            histogram = {"kind": "bars", "title": scenario} | aligned(bars, 0)
            charts.append((scenario, chart, histogram))
    return charts


def octaves(durations):
    """Counts per power of two: fine buckets are bars that nobody can see."""
    counts = collections.Counter()
    for low, count in durations.buckets.items():
        counts[1 << max(0, int(low).bit_length() - 1)] += count
    return sorted(counts.items())


def saturation(night):
    """Different interleavings over schedules: where a curve bends away from the
    diagonal, the search begins to see the same again."""
    curves = {}
    for unit in night.units:
        for run in unit.runs:
            key = f"{unit['scenario']} procs={unit['procs']} rescuers={unit['rescuers']}"
            points = [(0, 0)] + [(p[1], p[2]) for p in run.get("progress", []) if p[1]]
            # The longest search of several.
            if len(points) > 1 and (key not in curves or points[-1] > curves[key][-1]):
                curves[key] = points
    return curves


def survival(night):
    """Kaplan-Meier per kind and lens: the share of units that have found
    nothing after so many seconds; those that found nothing are censored."""
    times = collections.defaultdict(list)
    for unit in night.units:
        spent = 0.0
        for run in unit.runs:
            verdicts = run.get("verdicts", [])
            if verdicts:
                at = min(v.get("seconds", run.get("duration_s", 0)) for v in verdicts)
                times[unit["kind"], unit["lens"]].append((spent + at, True))
                break
            spent += run.get("duration_s", 0)
        else:
            if unit.runs:
                times[unit["kind"], unit["lens"]].append((spent, False))
    curves = []
    for (kind, lens), observed in sorted(times.items()):
        if any(found for _, found in observed):
            curves.append((name_of(kind, lens), lens, kaplan_meier(observed)))
    return stepped(curves)


def name_of(kind, lens):
    return kind if lens in (kind, "none") else f"{kind}, {lens}"


def kaplan_meier(observed):
    points, share = [(0.0, 1.0)], 1.0
    left = len(observed)
    for at, found in sorted(observed, key=lambda pair: (pair[0], not pair[1])):
        if found:
            share *= (left - 1) / left
        points.append((at, share))
        left -= 1
    return points


def discovery(night):
    """Different signatures over processor time, per kind and lens."""
    curves = []
    for kind, lens in dict.fromkeys((u["kind"], u["lens"]) for u in night.units):
        spent, seen, points = 0.0, set(), [(0.0, 0)]
        for unit in sorted(night.units, key=lambda u: u["ended"]):
            if (unit["kind"], unit["lens"]) == (kind, lens):
                spent += unit["cpu_s"]
                seen |= {v["signature"] for v in tally.verdicts(unit.runs)}
                points.append((round(spent, 2), len(seen)))
        if seen:
            curves.append((name_of(kind, lens), lens, points))
    return stepped(curves)


def stepped(curves):
    """As aligned(), each curve holding its value until it ends."""
    columns = aligned(curves)
    for series, (_, _, points) in zip(columns["series"], curves):
        end, value = points[-1][0], None
        for i, x in enumerate(columns["x"]):
            value = series["y"][i] if series["y"][i] is not None else value
            series["y"][i] = value if x <= end else None
    return columns
