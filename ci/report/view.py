"""All that the page and its siblings show of one night, worked out once."""

import charts
import findings
import growth
import judgement
import line_coverage
import raw
import sources
import timeline

# A page has to open: the rest is in the folders.
MOST_PAGES = 40


class View:
    def __init__(self, folder):
        self.night = raw.Raw(folder)
        self.found = findings.collect(self.night)
        self.judgement = judgement.judge(self.night, self.found)
        options = self.night.options
        self.sources = sources.Sources(options.get("build_root", "build"), options.get("mutant", ""))
        self.charts = []

    def add_chart(self, chart):
        """Where the chart will be: the id of its place."""
        self.charts.append(chart | {"id": f"chart-{len(self.charts)}"})
        return self.charts[-1]["id"]

    def data(self):
        return {"charts": self.charts, "report": report(self)}

    def timeline_of(self, finding):
        trace = raw.read_json(finding.folder / "trace.json") if finding.folder else None
        trace = trace if isinstance(trace, dict) else None
        return timeline.of_finding(finding, trace, self.sources)

    def shown(self):
        return self.found[:MOST_PAGES]


def durations(night, measure):
    """scenario -> rescuers -> the figures of what was measured."""
    before = charts.previous_tallies(night)

    def of(scenario, rescuers, sums):
        earlier = before.get((scenario, rescuers))
        was = figures(measure(earlier)) if earlier and measure(earlier).buckets else None
        if was:  # The history has histograms, and of the longest only its bucket.
            del was["max_ns"]
        return figures(measure(sums)) | {"night_before": was}

    return {
        scenario: {rescuers: of(scenario, rescuers, sums) for rescuers, sums in by_rescuers.items()}
        for scenario, by_rescuers in charts.gap_tallies(night).items()
    }


def figures(measured):
    return {
        "count": measured.count(),
        "p50_ns": measured.quantile(0.5),
        "p99_ns": measured.quantile(0.99),
        "p999_ns": measured.quantile(0.999),
        "max_ns": measured.longest,
    }


def report(view):
    """report.json: every number of the page that is not a raw result."""
    gaps = durations(view.night, lambda sums: sums.gaps)
    wakes = durations(view.night, lambda sums: sums.wakes)
    return {
        "schema": "reveille-report/1",
        "night": view.night.night,
        "headline": view.judgement.headline,
        "color": view.judgement.color,
        "details": view.judgement.details,
        "counts": view.judgement.counts,
        "outcomes": view.judgement.outcomes,
        "findings": [finding_record(view, f) for f in view.found],
        "conservation_gap": gaps,
        "wake_latency": wakes,
        "fuzz": {name: target.record() for name, target in growth.targets(view.night).items()},
        "line_coverage": line_coverage.record(view.night),
        "damaged_records": view.night.damaged,
    }


def finding_record(view, f):
    low, high = f.interval()
    return {
        "signature": f.signature,
        "verdict": f.verdict,
        "what": f.what,
        "state": f.state,
        "scenarios": f.scenarios,
        "lenses": f.lenses,
        "sightings": f.sightings,
        "searched": f.searched,
        "rate": f.rate,
        "rate_low": low,
        "rate_high": high,
        "units": [unit["number"] for unit in f.units],
        "folder": view.night.place(f.folder) if f.folder else None,
        "command": f.command,
        "preemptions": f.entry.get("preemptions"),
        "replays": f.replays(),
    }
