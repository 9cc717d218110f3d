"""What was found: one Finding per signature, whoever met it and however often."""

import dataclasses
import pathlib
import re

import raw
import tally

STATES = ("new", "returned", "known")
TEXTS = ("story.txt", "state.txt", "stacks.txt", "stderr.txt", "log.txt")
LONGEST_TEXT = 60_000


@dataclasses.dataclass
class Finding:
    signature: str
    verdict: str
    what: str
    state: str
    sightings: int = 0
    units: list = dataclasses.field(default_factory=list)
    folder: pathlib.Path = None
    command: str = ""
    record: dict = dataclasses.field(default_factory=dict)  # verdict.json
    run: dict = dataclasses.field(default_factory=dict)  # of the first sighting
    entry: dict = dataclasses.field(default_factory=dict)  # its verdicts[] entry
    searched: int = 0

    @property
    def anchor(self):
        return f"finding-{self.signature}"

    @property
    def scenarios(self):
        return list(dict.fromkeys(unit["scenario"] for unit in self.units))

    @property
    def lenses(self):
        return list(dict.fromkeys(unit["lens"] for unit in self.units))

    @property
    def kind(self):
        return self.units[0]["kind"]

    @property
    def rate(self):
        return self.sightings / self.searched if self.searched else None

    def interval(self):
        return tally.rate_interval(self.sightings, self.searched)

    def preemptions(self):
        if "preemptions" not in self.entry:
            return ""
        return f"{'' if self.entry.get('fewest_preemptions') else '<= '}{self.entry['preemptions']}"

    def replays(self):
        """[the same again, tried], over all units that met it."""
        counts = [unit.record.get("replays", {}).get(self.signature, [0, 0]) for unit in self.units]
        return [sum(same for same, _ in counts), sum(tried for _, tried in counts)]

    def text(self, name):
        """A file of its folder; what is very long loses its middle."""
        if self.folder is None:
            return ""
        try:
            text = (self.folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        if len(text) > LONGEST_TEXT:
            half = LONGEST_TEXT // 2
            text = f"{text[:half]}\n... {len(text) - LONGEST_TEXT} characters left out ...\n{text[-half:]}"
        return text


def driver_of(night, lens):
    preset = {"tsan": "tsan", "asan": "asan"}.get(lens, "release")
    return f"{night.options.get('build_root', 'build')}/{preset}/bin/reveille"


def command_of(night, unit, folder, entry):
    """What a person types at the root of the tree."""
    if unit["kind"] == "fuzz":
        return entry.get("command", "")
    driver = driver_of(night, unit["lens"])
    if unit["kind"] == "explore":
        return f"{driver} replay {night.place(folder)}" if folder else ""
    return re.sub(r"^reveille\b", driver, entry.get("command", ""))


def collect(night):
    """All of them, the new ones first, then by how often they were met."""
    states = night.states()
    by_signature = {}
    for unit in night.units:
        for run in unit.runs:
            for entry in run.get("verdicts", []):
                add(night, by_signature, states, unit, run, entry)
    found = list(by_signature.values())
    for finding in found:
        scopes = {unit.scope for unit in finding.units}
        runs = [run for unit in night.units if unit.scope in scopes for run in unit.runs]
        finding.searched = tally.total(runs).amount()
    return sorted(found, key=lambda f: (STATES.index(f.state), -f.sightings, f.signature))


def add(night, by_signature, states, unit, run, entry):
    signature = entry["signature"]
    finding = by_signature.get(signature)
    if finding is None:
        state = states.get(signature, "new")
        state = state if state in STATES else "known"
        finding = Finding(signature, entry["verdict"], entry["what"], state, run=run, entry=entry)
        by_signature[signature] = finding
    finding.sightings += max(1, entry.get("occurrences", 1))
    if unit not in finding.units:
        finding.units.append(unit)
    folder = unit.folder / (entry.get("folder") or f"finding-{signature}")
    if finding.folder is None and folder.is_dir():
        finding.folder = folder
        finding.run, finding.entry = run, entry
        finding.record = raw.read_json(folder / "verdict.json") or {}
        finding.command = command_of(night, unit, folder, entry)
    if not finding.command:
        finding.command = command_of(night, unit, finding.folder, entry)


def without_verdict(night):
    """Units that say that they found something and do not say what."""
    return [u for u in night.units if u["outcome"] == "finding" and not tally.verdicts(u.runs)]
