"""metrics.prom: for the node exporter's textfile collector."""

import collections

import growth
import tally


def label(text):
    return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Metrics:
    def __init__(self):
        self.lines = []

    def add(self, name, what, samples):
        """`samples`: [(labels, value)]."""
        self.lines += [f"# HELP reveille_{name} {what}", f"# TYPE reveille_{name} gauge"]
        for labels, value in samples:
            inside = ",".join(f'{key}="{label(text)}"' for key, text in labels.items())
            self.lines.append(f"reveille_{name}{{{inside}}} {value:.10g}")


def add_growth(metrics, target, fuzzed):
    for name, what in (
        ("executions", "Executions of each fuzz target."),
        ("edges", "Edges that each fuzz target reached."),
        ("features", "Features that each fuzz target reached."),
        ("inputs", "Inputs in the corpus of each fuzz target, beside the tree's."),
    ):
        samples = [(target | {"target": key}, getattr(one, name)) for key, one in fuzzed.items()]
        metrics.add(f"fuzz_{name}", what, samples)


def document(night, found, judgement):
    target = {"pool": night.options["pool"], "mutant": night.options.get("mutant") or ""}
    metrics = Metrics()
    metrics.add("night_status", "Exit status of the night.", [(target, night.night.get("status", 0))])
    metrics.add("night_seconds", "Duration of the night.", [(target, judgement.counts["seconds"])])
    metrics.add("night_cpu_seconds", "Processor time of all units.", [(target, judgement.counts["cpu_s"])])
    states = {state: judgement.counts[state] for state in ("new", "returned", "known", "fixed")}
    samples = [(target | {"state": state}, count) for state, count in states.items()]
    metrics.add("signatures", "Different findings by what earlier nights knew of them.", samples)
    outcomes = [(target | {"outcome": o}, n) for o, n in sorted(judgement.outcomes.items())]
    metrics.add("units", "Units by outcome.", outcomes)
    searched = collections.defaultdict(tally.Tally)
    gaps = collections.defaultdict(tally.Tally)
    for unit in night.units:
        for run in unit.runs:
            searched[unit["kind"], unit["lens"], unit["scenario"]].add(run)
            if unit["lens"] == "none":
                gaps[unit["scenario"], unit["rescuers"]].add(run)
    samples = []
    for (kind, lens, scenario), sums in sorted(searched.items()):
        labels = target | {"kind": kind, "lens": lens, "scenario": scenario}
        samples.append((labels, sums.amount()))
    metrics.add("searched", "Rounds, schedules or executions that ran.", samples)
    for name, what, measure in (
        ("conservation_gap_seconds", "How long a P idled beside runnable work.", lambda sums: sums.gaps),
        ("wake_latency_seconds", "From a submission to a free worker to the task's start.", lambda sums: sums.wakes),
    ):
        samples = []
        for (scenario, rescuers), sums in sorted(gaps.items()):
            for q in (0.5, 0.99, 0.999):
                labels = target | {"scenario": scenario, "rescuers": rescuers, "quantile": q}
                samples.append((labels, measure(sums).quantile(q) / 1e9))
        metrics.add(name, what, samples)
    add_growth(metrics, target, growth.targets(night))
    samples = [
        (target | {"signature": f.signature, "verdict": f.verdict, "state": f.state}, f.sightings)
        for f in found
    ]
    metrics.add("sightings", "How often each signature was met.", samples)
    return "\n".join(metrics.lines) + "\n"
