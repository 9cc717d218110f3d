"""The night's corpora as they grow: one that has become twice as large as it was when
it was last minimised is minimised beside the units, so that late in a long night a
turn does not begin with reading thousands of inputs that say nothing new. One at a
time, in the place of a unit; a merge that is cut off leaves the corpus as it was."""

import pathlib
import shutil
import time

import minimise  # of ci/fuzz
import store as stores

# Smaller ones are read in no time.
LEAST_INPUTS = 512
# Less time is better spent on searching.
LEAST_SECONDS = 60


class Growing:
    def __init__(self, kept, targets, least, memory_kib):
        """`targets` of ci/fuzz, of which `kept` has the corpora; it is open."""
        self.kept, self.targets = kept, targets
        self.least, self.memory_kib = least or LEAST_INPUTS, memory_kib
        self.done = []  # {target, before, after, seconds, whole}, for night.json
        self._path = kept.folder / ".minimised.json"
        # What earlier nights have handed on is minimised.
        self._small = {target.name: kept.size(target.name) for target in targets}
        self._small |= stores.read_json(self._path) or {}
        stores.write_json(self._path, self._small)
        self._merge = None
        self._began = (0.0, 0)

    def goes_on(self):
        return self._merge is not None

    def begin(self, seconds_left):
        """Minimises what has grown most, if anything has; whether it does."""
        grown = {target: self.kept.size(target.name) for target in self.targets}
        due = [t for t, size in grown.items() if size >= max(self.least, 2 * self._small[t.name])]
        if seconds_left < LEAST_SECONDS or not due:
            return False
        target = max(due, key=grown.get)
        scratch = pathlib.Path(self.kept.folder, ".merge", f"{target.name}.said")
        self._began = (time.time(), grown[target])
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            self._merge = minimise.Merge(target, self.kept, scratch, self.memory_kib)
        except OSError as error:
            raise stores.Unwritable(scratch, error) from error
        return True

    def look(self):
        """What to say when one has ended, or ""."""
        try:
            whole = self._merge.poll()
        except OSError as error:
            self._merge = None
            raise stores.Unwritable(self.kept.folder, error) from error
        if whole is None:
            return ""
        name, self._merge = self._merge.target.name, None
        (began, before), after = self._began, self.kept.size(name)
        # One that cannot be merged is not tried again before it has doubled.
        self._small[name] = after
        stores.write_json(self._path, self._small)
        seconds = round(time.time() - began, 1)
        self.done.append({"target": name, "before": before, "after": after, "seconds": seconds, "whole": whole})
        return f"corpus of {name}: {before} inputs, " + (f"minimised to {after}" if whole else "could not be minimised")

    def abandon(self):
        if self._merge:
            self._merge.abandon()
            self._merge = None
