"""The night's folder. Whatever happens to the night, what lies in it is whole:

night.json            what was asked for, on which machine, what did not run
units/0017/           one unit that has ended: unit.json, results.jsonl,
                      finding-*/, stdout.txt, stderr.txt
units/.0017.1/        one in flight; its name loses the dot when it is whole
history.json          what earlier nights knew (with --history)
"""

import json
import os
import pathlib
import shutil
import time


class Unwritable(Exception):
    """The one line to say; nothing that was complete is lost."""

    def __init__(self, path, error):
        super().__init__(f"cannot write {path}: {error.strerror or error}")


def write_text(path, text):
    """Beside it, synced, renamed: whole or not there."""
    path = pathlib.Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        try:
            os.unlink(beside)
        except OSError:
            pass
        raise Unwritable(path, error) from error


def write_json(path, value):
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path):
    """None where there is none that can be read."""
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


class Store:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.units = self.folder / "units"

    def open_new(self):
        """What an earlier night left there is kept beside it."""
        try:
            if (self.folder / "night.json").exists():
                began = (self.folder / "night.json").stat().st_mtime
                stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began))
                self.folder.rename(free_name(self.folder.with_name(f"{self.folder.name}.{stamp}")))
            self.units.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unwritable(self.folder, error) from error

    def open_again(self):
        """What was interrupted counts as in flight: it is done again."""
        for number, record in self.done().items():
            if record["outcome"] == "interrupted":
                folder = self.units / f"{number:04d}"
                try:
                    folder.rename(self.units / f".{number:04d}.{record['attempt']}")
                except OSError as error:
                    raise Unwritable(folder, error) from error

    def night(self):
        return read_json(self.folder / "night.json")

    def write_night(self, night):
        write_json(self.folder / "night.json", night)

    def done(self):
        """number -> unit record, of all units that have ended."""
        records = {}
        for path in sorted(self.units.glob("[0-9]*/unit.json")):
            record = read_json(path)
            if record:
                records[record["number"]] = record
        return records

    def begin(self, number):
        """A fresh folder for an attempt, and which attempt it is."""
        earlier = list(self.units.glob(f".{number:04d}.*"))
        attempt = 1 + max([int(p.suffix[1:]) for p in earlier if p.suffix[1:].isdigit()] or [0])
        folder = self.units / f".{number:04d}.{attempt}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise Unwritable(folder, error) from error
        for path in earlier:
            shutil.rmtree(path, ignore_errors=True)
        return folder, attempt

    def settle(self, attempt_folder, record):
        """The attempt becomes the unit. A second one that ended first stands."""
        write_json(attempt_folder / "unit.json", record)
        target = self.units / f"{record['number']:04d}"
        try:
            os.rename(attempt_folder, target)
        except OSError as error:
            if not (target / "unit.json").exists():
                raise Unwritable(target, error) from error
            shutil.rmtree(attempt_folder, ignore_errors=True)
        return target


def free_name(path):
    name, count = path, 1
    while name.exists():
        count += 1
        name = path.with_name(f"{path.name}-{count}")
    return name
