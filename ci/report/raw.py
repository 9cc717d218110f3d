"""The raw results of a night, as its folder has them. Everything that the page
says comes from here; what cannot be read is left out and said to be."""

import dataclasses
import json
import pathlib


class Unreadable(Exception):
    """The one line to say."""


def read_json(path):
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return None


def read_lines(path):
    """The objects of a file of JSON lines, and how many lines were none."""
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return [], 0
    objects, damaged = [], 0
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            objects.append(value)
        else:
            damaged += 1
    return objects, damaged


@dataclasses.dataclass
class Unit:
    folder: pathlib.Path
    record: dict  # unit.json
    runs: list  # results.jsonl

    def __getitem__(self, key):
        return self.record[key]

    @property
    def scope(self):
        return f"{self['kind']}/{self['lens']}/{self['scenario']}"

    @property
    def took(self):
        return self["ended"] - self["began"]


class Raw:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.night = read_json(self.folder / "night.json")
        if not isinstance(self.night, dict) or self.night.get("schema") != "reveille-night/1":
            raise Unreadable(f"{folder} holds no night: it has no night.json of schema reveille-night/1")
        self.history = read_json(self.folder / "history.json")
        self.score = read_json(self.folder / "score.json")
        self.coverage = read_json(self.folder / "coverage.json")
        self.units, self.damaged = [], 0
        for path in sorted(self.folder.glob("units/[0-9]*/unit.json")):
            record = read_json(path)
            if not isinstance(record, dict) or record.get("schema") != "reveille-unit/1":
                self.damaged += 1
                continue
            runs, damaged = read_lines(path.parent / "results.jsonl")
            self.damaged += damaged
            self.units.append(Unit(path.parent, record, [r for r in runs if "outcome" in r]))
        self.units.sort(key=lambda unit: unit["number"])

    @property
    def options(self):
        return self.night["options"]

    @property
    def target(self):
        mutant = self.options.get("mutant")
        return self.options["pool"] + (f" with the bug {mutant}" if mutant else "")

    def runs(self, **wanted):
        """Run records of the units with these properties."""
        return [
            run
            for unit in self.units
            if all(unit[key] == value for key, value in wanted.items())
            for run in unit.runs
        ]

    def states(self):
        return (self.history or {}).get("states", {})

    def place(self, path):
        """As a person at the root of the tree types it."""
        out = pathlib.Path(self.night.get("out", self.folder))
        return str(out / pathlib.Path(path).relative_to(self.folder))
