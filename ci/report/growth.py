"""How the fuzz targets grew: edges, features and inputs over the time that each had
in this night, and when it saw something new for the last time."""

import dataclasses

import charts
import markup
import tally
from markup import escaped, tag


@dataclasses.dataclass
class Target:
    """The turns of one target, one after the other."""

    name: str
    turns: int = 0
    seconds: float = 0.0
    executions: int = 0
    edges: int = 0
    features: int = 0
    before: int = None  # inputs
    inputs: int = 0
    newest: float = 0.0  # seconds after which its features grew for the last time
    deaths: int = 0
    curve: list = dataclasses.field(default_factory=list)  # (seconds, edges, features, inputs)

    def add(self, run):
        corpus = run.get("corpus", {})
        if self.before is None:
            self.before = self.inputs = corpus.get("before", 0)
        for at, _, edges, features, inputs in run.get("growth", []):
            self._see(self.seconds + at, edges, features, inputs)
        self.seconds += run.get("duration_s", 0)
        self._see(self.seconds, run.get("edges", 0), run.get("features", 0), 0)
        self.turns += 1
        self.executions += run.get("executions", 0)
        self.deaths += len(run.get("verdicts", []))

    def _see(self, at, edges, features, inputs):
        """A turn begins with what is known: its own counts come up to that again."""
        if features > self.features:
            self.newest = at
        self.edges, self.features = max(self.edges, edges), max(self.features, features)
        self.inputs = max(self.inputs, inputs)
        self.curve.append((round(at, 2), self.edges, self.features, self.inputs))

    def rate(self):
        return self.executions / self.seconds if self.seconds else 0

    def record(self):
        names = ("turns", "seconds", "executions", "edges", "features", "inputs", "deaths")
        kept = {name: getattr(self, name) for name in names}
        return kept | {"inputs_before": self.before, "newest_feature_s": round(self.newest, 2)}


def targets(night):
    """name -> Target, of those that had a turn."""
    found = {}
    for unit in sorted(night.units, key=lambda unit: unit["ended"]):
        for run in unit.runs if unit["kind"] == "fuzz" else ():
            # One that could not search has nothing to say.
            if "growth" in run:
                found.setdefault(unit["scenario"], Target(unit["scenario"])).add(run)
    return dict(sorted(found.items()))


# More points of a curve than this nobody can see.
MOST_POINTS = 300


def chart_of(target):
    step = -(-len(target.curve) // MOST_POINTS)
    shown = target.curve[::-1][::step][::-1]  # The last one among them.
    curves = [
        (name, "", [(point[0], point[column]) for point in shown])
        for name, column in (("features", 2), ("edges", 1), ("inputs", 3))
    ]
    return {"kind": "growth", "title": target.name} | charts.stepped(curves)


HEAD = ("target", "#turns", "#s", "#executions", "#a second", "#edges", "#features", "#inputs", "#last new after")
HEAD += ("#deaths",)


def row_of(target):
    return [
        escaped(target.name),
        target.turns,
        f"{target.seconds:.0f}",
        tally.count(target.executions),
        tally.count(round(target.rate())),
        target.edges,
        target.features,
        f"{target.before} to {target.inputs}",
        f"{target.newest:.0f} s of {target.seconds:.0f}",
        target.deaths,
    ]


WORDS = (
    "What each target reached, over the seconds that it had in this night: edges of the program, features "
    "(edges and how often, and the abstract states that the target counts), inputs in its corpus beside the "
    "tree's. A curve that has long been flat is saturated for this feedback; it does not say that nothing is "
    "left to find."
)


def minimised(night):
    """Why a curve of inputs falls."""
    merges = [merge for merge in night.night.get("minimised") or [] if merge["whole"]]
    if not merges:
        return ""
    said = ", ".join(f"{escaped(m['target'])}: {m['before']} to {m['after']}" for m in merges)
    return tag("p", f"Minimised meanwhile, as they had doubled: {said} inputs.")


def section(view):
    """Nothing where no target had a turn."""
    found = targets(view.night)
    if not found:
        return ""
    parts = []
    for target in found.values():
        place = tag("div", "", id=view.add_chart(chart_of(target)), class_="chart")
        parts.append(tag("div", tag("h3", escaped(target.name)), place, class_="card"))
    return "".join(
        (
            tag("h3", "Fuzz targets"),
            tag("p", WORDS),
            markup.table(list(HEAD), [row_of(target) for target in found.values()]),
            minimised(view.night),
            tag("div", *parts, class_="grid"),
        )
    )
