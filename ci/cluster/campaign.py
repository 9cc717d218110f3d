"""A campaign: units of a night's plan, numbered once and for all, that any
number of machines may run, each unit as often as it takes.

campaign.json       what was asked for; written once, at the submission
units/0017/         a unit that has ended: see ci/nightly/store.py
units/.0017.WHO/    an attempt in flight, or one that was lost with its machine
corpus/TARGET/      inputs that merges have handed on to later fuzz units (handed_on.py)
merged.json         the fold over all units (fold.py)
engine/             what the engine has: task lists, scripts, logs
"""

import hashlib
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path += [str(HERE.parent / name) for name in ("nightly", "report", "fuzz")]

import drivers
import fuzz_lens
import options as night_options
import plan
import store

SCHEMA = "reveille-campaign/1"


class Unusable(Exception):
    """The one line to say."""


def digest(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror}") from error


def programs(record):
    """Every program that a unit may run, in the order of the lenses."""
    mutant, build_root = record["options"]["mutant"], record["build_root"]
    lenses = [lens for lens in record["lenses"] if lens != "fuzz"]
    paths = [drivers.binary(build_root, lens, mutant) for lens in lenses]
    paths += [drivers.binary(build_root, lens, "") for lens in lenses]
    paths += fuzz_programs(record)
    return list(dict.fromkeys(str(path) for path in paths))


def fuzz_programs(record):
    if not record.get("targets"):
        return []
    others, canary = fuzz_lens.found(choices_of(record))
    return [canary.program] + [t.program for t in others if t.name in record["targets"]]


def choices_of(record):
    """As a night's units know them."""
    asked = record["options"]
    return types.SimpleNamespace(
        build_root=record["build_root"],
        fuzz_folder=record.get("fuzz_folder", "fuzz"),
        pool=asked["pool"],
        mutant=asked["mutant"],
        grace=None,
        threads_of_unit=1,
    )


def check_programs(record):
    """A campaign is one program's: results of another would be folded in."""
    for path, wanted in record["programs"].items():
        if digest(path) != wanted:
            raise Unusable(f"{path} is not the program that the campaign began with; begin a new one")


class Campaign:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.store = store.Store(self.folder)
        self.record = store.read_json(self.folder / "campaign.json")
        if not self.record or self.record.get("schema") != SCHEMA:
            raise Unusable(f"no campaign in {folder}; ci/campaign submit --out={folder} makes one")
        self.plan = plan_of(self.record)

    @property
    def exact(self):
        """Whether a unit's result is decided by its number alone."""
        return self.record["options"]["unit_schedules"] is not None

    @property
    def size(self):
        return self.record["options"]["units"]

    def unit(self, number):
        return self.plan.unit(number)

    def is_done(self, number):
        return (self.store.units / f"{number:04d}" / "unit.json").exists()

    def missing(self):
        return [number for number in range(self.size) if not self.is_done(number)]

    def epochs(self):
        """Ranges of units; an epoch begins when the one before it is merged."""
        count = self.record["options"]["epochs"]
        bounds = [self.size * i // count for i in range(count + 1)]
        return [range(bounds[i], bounds[i + 1]) for i in range(count)]

    def choices(self):
        return choices_of(self.record)


def plan_of(record):
    asked = record["options"]
    chosen = night_options.Filter(asked["only"], asked["skip"], record["all_scenarios"])
    targets = record.get("targets", ())
    made = plan.Plan(asked["seed"], record["scenarios"], record["lenses"], 1, chosen.wants, targets=targets)
    made.seconds = asked["unit_seconds"]
    if not made.sweep_length:
        raise Unusable("--only and --skip, or what is built, leave nothing to run")
    return made
