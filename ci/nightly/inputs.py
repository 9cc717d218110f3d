"""What the night's fuzz units find: the corpora in the night's folder, which the
units read, and what the next night is handed.

corpus/TARGET/               all inputs, each named by its content
units/0017/inputs/TARGET/    what a unit has found, until it lies there
HISTORY/corpus/TARGET/       what the nights have handed on, minimised

To take something in, or to hand it on, twice is the same as once; so a night that
was killed at any moment goes on from here."""

import errno
import pathlib
import tempfile

import corpora  # of ci/fuzz
import growing
import minimise  # of ci/fuzz
import store as stores


def take_in(kept, unit_folder):
    """The target of a unit that was cut off may still be dying, and write or remove
    something meanwhile: that is for the next who takes in."""
    try:
        for folder in sorted(unit_folder.glob("inputs/*")):
            kept.take_in(folder.name, folder)
        if (unit_folder / "inputs").is_dir():
            (unit_folder / "inputs").rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
            raise stores.Unwritable(kept.folder, error) from error


class Inputs:
    def __init__(self, folder, history):
        self.folder = pathlib.Path(folder)
        self.history = pathlib.Path(history) if history else None
        self.kept = corpora.Corpora(self.folder / "corpus")
        self.growing = None

    def open(self, chosen, least, memory_kib):
        """With what earlier nights have handed on, and what units have left that
        were cut off. `chosen`: the targets that have units."""
        self.kept.open()
        try:
            for unit in sorted(self.folder.glob("units/.[0-9]*")) + sorted(self.folder.glob("units/[0-9]*")):
                take_in(self.kept, unit)
            if self.history:
                self.kept.copy_in(self.history / "corpus")
            self.growing = growing.Growing(self.kept, chosen, least, memory_kib)
        except OSError as error:
            raise stores.Unwritable(self.kept.folder, error) from error

    def settle(self, unit_folder):
        take_in(self.kept, unit_folder)

    def hand_on(self, chosen, memory_kib):
        """{target: inputs after it}; of these targets, as small as their coverage
        allows. One that cannot be minimised is handed on as it is."""
        to = corpora.Corpora(self.history / "corpus")
        to.open()
        try:
            to.copy_in(self.kept.folder)
            with tempfile.TemporaryDirectory() as scratch:
                for target in chosen:
                    minimise.minimise(target, to, pathlib.Path(scratch, target.name), memory_kib)
        except OSError as error:
            raise stores.Unwritable(to.folder, error) from error
        return {target.name: to.size(target.name) for target in chosen}
