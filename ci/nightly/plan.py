"""What a night does: which units, in which order, with which seeds.

A unit is one run of the stress driver: a scenario, rescuers on or off, chaos on
or off, a seed and a time. Its seed comes from the root seed and its number
alone, so that a unit can be repeated without the night around it.
"""

import dataclasses
import hashlib
import itertools

# Rescuers off with chaos first: where a lost wakeup is likeliest and stays lost.
MODES = (("off", "all"), ("on", "all"), ("off", "none"), ("on", "none"))

# Seconds of one unit: less judges little, more delays the other scenarios.
SHORTEST, LONGEST = 2, 30


@dataclasses.dataclass(frozen=True)
class Unit:
    number: int
    scenario: str
    rescuers: str
    chaos: str
    seed: int

    def title(self):
        return f"{self.scenario} rescuers={self.rescuers} chaos={self.chaos}"


def unit_seed(root, number):
    digest = hashlib.sha256(f"{root}/{number}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def units(scenarios, root):
    """All units there could be, round after round, without end."""
    numbers = itertools.count()
    while True:
        for (rescuers, chaos), scenario in itertools.product(MODES, scenarios):
            number = next(numbers)
            yield Unit(number, scenario, rescuers, chaos, unit_seed(root, number))


def per_round(scenarios):
    return len(scenarios) * len(MODES)


def unit_seconds(scenarios, budget_seconds):
    """So that a round fits the budget, or several of full length do."""
    share = budget_seconds / per_round(scenarios)
    return max(SHORTEST, min(LONGEST, int(share)))
