"""What a night does: which units, in which order, with which seeds.

A unit is one run of one driver. Its number decides what it is, and its seed
comes from the root seed and its number alone: however many workers there are,
and however often the night was interrupted, unit 17 is unit 17.
"""

import dataclasses
import hashlib
import itertools

# Seconds of one unit: less judges little, more delays the other scenarios.
SHORTEST, LONGEST = 2, 30
# A score's unit is one trial of one bug, which ends when the bug is found: so
# long is what the judges promise, and less would prove nothing.
SCORE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to run a scenario. `weight`: its share of the time, in units of
    the lens-free run; sanitizers slow everything down."""

    kind: str
    lens: str
    procs: int = 0
    rescuers: str = "off"
    chaos: str = "none"
    weight: int = 1


# A sweep takes them in this order, each for every scenario. First where a lost
# wakeup is likeliest and stays lost, and the lenses alternate: a night that is
# too short for a sweep has seen a bit of each.
SWEEP = (
    Variant("stress", "none", rescuers="off", chaos="all"),
    Variant("explore", "explore", procs=2),
    Variant("stress", "tsan", rescuers="off", chaos="all", weight=2),
    Variant("explore", "explore", procs=1),
    Variant("fuzz", "fuzz", weight=2),
    Variant("stress", "none", rescuers="on", chaos="all"),
    Variant("stress", "asan", rescuers="off", chaos="all", weight=2),
    Variant("score", "score"),
    Variant("explore", "explore", procs=3),
    Variant("stress", "none", rescuers="off", chaos="none"),
    Variant("explore", "explore", procs=2, rescuers="on"),
    Variant("stress", "tsan", rescuers="on", chaos="all", weight=2),
    Variant("stress", "asan", rescuers="on", chaos="all", weight=2),
    Variant("stress", "none", rescuers="on", chaos="none"),
)
# Kinds whose units have no scenario of the pool, but a bug or a target.
OF_ITS_OWN = ("score", "fuzz")
KINDS = tuple(dict.fromkeys(variant.kind for variant in SWEEP))
LENSES = tuple(dict.fromkeys(variant.lens for variant in SWEEP))


@dataclasses.dataclass(frozen=True)
class Unit:
    number: int
    kind: str
    lens: str
    scenario: str
    procs: int
    rescuers: str
    chaos: str
    seed: int
    seconds: int

    def title(self):
        if self.kind in OF_ITS_OWN:
            return f"{self.kind} {self.scenario}"
        if self.kind == "explore":
            return f"explore {self.scenario} procs={self.procs} rescuers={self.rescuers}"
        lens = "" if self.lens == "none" else f"{self.lens} "
        return f"{lens}{self.scenario} rescuers={self.rescuers} chaos={self.chaos}"


def unit_seed(root, number):
    digest = hashlib.sha256(f"{root}/{number}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


class Plan:
    """The units of a night, one after the other without end; the first
    `planned` of them are what the budget is meant for. Where others have a
    scenario, units of fuzz have a target, and those of the score the next of
    the bugs."""

    def __init__(
        self, root, scenarios, lenses, budget_seconds, wanted=lambda variant: True, bugs=(), targets=()
    ):
        self.root = root
        self.scenarios = tuple(scenarios)
        self.bugs, self.targets = tuple(bugs), tuple(targets)
        lenses = set(lenses) - (set() if bugs else {"score"}) - (set() if targets else {"fuzz"})
        self.variants = [v for v in SWEEP if v.lens in lenses and wanted(v)]
        self.places = [
            (v, i) for v in self.variants for i in range(len(self.targets if v.kind == "fuzz" else self.scenarios))
        ]
        weights = sum(v.weight for v, _ in self.places)
        self.sweep_length = len(self.places)
        share = budget_seconds / weights if weights else 0
        self.seconds = max(SHORTEST, min(LONGEST, int(share)))
        self.planned = self._planned(budget_seconds)

    def unit(self, number):
        sweep, place = divmod(number, self.sweep_length)
        variant, index = self.places[place]
        seconds = self.seconds * variant.weight
        if variant.kind == "score":
            name = self.bugs[(sweep * len(self.scenarios) + index) % len(self.bugs)]
            seconds = SCORE_SECONDS
        else:
            name = (self.targets if variant.kind == "fuzz" else self.scenarios)[index]
        return Unit(
            number,
            variant.kind,
            variant.lens,
            name,
            variant.procs,
            variant.rescuers,
            variant.chaos,
            unit_seed(self.root, number),
            seconds,
        )

    def _planned(self, budget_seconds):
        """At least one sweep: what of it did not run is said to be missing."""
        if not self.sweep_length:
            return 0
        spent = 0
        for number in itertools.count():
            spent += self.unit(number).seconds
            if number + 1 >= self.sweep_length and spent >= budget_seconds:
                return number + 1
