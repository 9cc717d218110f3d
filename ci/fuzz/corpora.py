"""The corpora. Whatever happens to the campaign, no input that a target has kept
is lost:

DIR/TARGET/               the inputs, each named by its content
DIR/.new/TARGET.7/        what a turn at hand has found; the next campaign takes
                          in what a killed one has left here
DIR/.scratch/TARGET.8.7/  what a turn at hand says, and what it dies of; if it is
                          killed with its campaign, the next one settles that
DIR/.merge/TARGET/        a smaller corpus in the making; it and DIR/TARGET/ change
                          places at once when it is whole
"""

import ctypes
import fcntl
import os
import pathlib
import shutil

import store  # of ci/nightly

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
RENAME_EXCHANGE = 2


class Busy(Exception):
    """Another campaign works there."""


def exchange(one, other):
    """Both names at every moment lead to one of the two folders."""
    names = os.fsencode(one), os.fsencode(other)
    if LIBC.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))


class Corpora:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).absolute()
        self._turns = 0
        self._grown = {}  # of a corpus that is merged: what it had at the beginning
        self._lock = None

    def open(self):
        try:
            for name in (".new", ".merge"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            self._lock = open(self.folder / ".lock", "w")
        except OSError as error:
            raise store.Unwritable(self.folder, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another campaign works in {self.folder}") from None
        for left in sorted((self.folder / ".new").iterdir()):
            if left.is_dir():
                self.take_in(left.name.rsplit(".", 1)[0], left)
            else:  # A copy that was cut off.
                left.unlink()
        for left in (self.folder / ".merge").iterdir():
            shutil.rmtree(left, ignore_errors=True)

    def scratch(self):
        folder = self.folder / ".scratch"
        folder.mkdir(exist_ok=True)
        return folder

    def of(self, name):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def size(self, name):
        return len(os.listdir(self.of(name)))

    def new(self, name):
        self._turns += 1
        folder = self.folder / ".new" / f"{name}.{self._turns}"
        folder.mkdir()
        return folder

    def take_in(self, name, new):
        """The number of inputs that were not there before."""
        target, added = self.of(name), 0
        for path in sorted(new.iterdir()):
            if (target / path.name).exists():
                path.unlink()
            else:
                os.rename(path, target / path.name)
                added += 1
        new.rmdir()
        return added

    def copy_in(self, other):
        """What another folder of corpora has and this one has not; the number of
        those inputs. Whole or not there, like all of them."""
        added = 0
        for folder in sorted(other.iterdir()) if other.is_dir() else []:
            if folder.name.startswith(".") or not folder.is_dir():
                continue
            target = self.of(folder.name)
            for name in sorted(set(os.listdir(folder)) - set(os.listdir(target))):
                beside = self.folder / ".new" / f".{name}"
                try:
                    shutil.copyfile(folder / name, beside)
                except FileNotFoundError:  # Minimised meanwhile: others cover it.
                    continue
                os.rename(beside, target / name)
                added += 1
        return added

    def begin_merge(self, name):
        folder = self.folder / ".merge" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._grown[name] = set(os.listdir(self.of(name)))
        return folder

    def end_merge(self, name, whole):
        """The smaller corpus takes the place of the larger one, with what was taken in
        meanwhile; or it goes."""
        merged = self.folder / ".merge" / name
        if whole and any(merged.iterdir()):
            late = set(os.listdir(self.of(name))) - self._grown[name]
            for path in (self.of(name) / late_name for late_name in late - set(os.listdir(merged))):
                # In both, as long as it is not decided which one stays.
                shutil.copyfile(path, merged / path.name)
            exchange(merged, self.of(name))
        shutil.rmtree(merged, ignore_errors=True)
