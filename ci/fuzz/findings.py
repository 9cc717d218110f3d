"""Finding folders: all that somebody needs who was not there.

finding-SIGNATURE/
  verdict.json    what was concluded, from which target of which build
  input           the smallest that shows it; input.found as it was met, if larger
  log.txt         what the target said of it
  story.txt, trace.json   of a chosen schedule: told, and for Perfetto (telling.py)
  others/         the first ten other inputs that died with this signature
  command         the command that repeats it, from the top of the tree
  seen.jsonl      a line for every time that this signature was met
"""

import hashlib
import json
import os
import pathlib
import shutil
import time

import corpora
import store  # of ci/nightly
import telling
import turn

SCHEMA = "reveille-fuzz-finding/1"
OTHERS = "others"
MOST_OTHERS = 10
# Of a folder that is written again.
KEPT = ("seen.jsonl", OTHERS)


class Findings:
    def __init__(self, out, machine, home=None):
        """`home`: what `out` is called in the end, if that is another name."""
        self.out = pathlib.Path(out)
        self.home = pathlib.Path(home or out)
        self.machine = machine
        self.met = {}  # signature -> verdict.json, of this campaign

    def folder(self, signature):
        return self.out / f"finding-{signature}"

    def settled(self, signature):
        """Whether it has been repeated: one that was not, because that was cut off, is
        when it is met again."""
        verdict = store.read_json(self.folder(signature) / "verdict.json") or {}
        return verdict.get("repeats", {}).get("of", 0) == turn.REPEATS

    def write(self, came, facts):
        """Whole or not there; what is there of an earlier time is kept or replaced."""
        folder = self.folder(came.death.signature())
        beside = folder.with_name(f".{folder.name}")
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir(parents=True)
            self._fill(beside, came, facts)
            put_in_place(beside, folder)
        except OSError as error:
            raise store.Unwritable(folder, error) from error

    def _fill(self, folder, came, facts):
        smallest = came.shrunk or came.input
        shutil.copyfile(smallest, folder / "input")
        if came.shrunk:
            shutil.copyfile(came.input, folder / "input.found")
        store.write_text(folder / "log.txt", came.log)
        command = repeat_command(came.target, came.death, self.home / folder.name.lstrip("."))
        store.write_text(folder / "command", command + "\n")
        store.write_json(folder / "verdict.json", self._verdict(came, smallest, facts))

    def _verdict(self, came, smallest, facts):
        death, target = came.death, came.target
        return {
            "schema": SCHEMA,
            "signature": death.signature(),
            "target": target.name,
            "preset": target.preset,
            "program_sha256": hashlib.sha256(target.program.read_bytes()).hexdigest(),
            "verdict": death.verdict,
            "what": death.what,
            "frames": list(death.frames),
            "size": smallest.stat().st_size,
            "size_found": came.input.stat().st_size,
            "repeats": came.repeats,
            "machine": self.machine,
            **facts,
        }

    def tell(self, came):
        telling.tell(came.target, self.folder(came.death.signature()))

    def see(self, came):
        """That it was met, now."""
        signature = came.death.signature()
        folder = self.folder(signature)
        line = json.dumps({"target": came.target.name, "at": round(time.time(), 3)})
        try:
            with open(folder / "seen.jsonl", "a") as file:
                file.write(line + "\n")
            keep_another(came.input.read_bytes(), folder)
        except OSError as error:
            raise store.Unwritable(folder, error) from error
        self.met.setdefault(signature, store.read_json(folder / "verdict.json") or {})


def put_in_place(beside, folder):
    if not folder.exists():
        beside.rename(folder)
        return
    for kept in KEPT:
        if (folder / kept).is_dir():
            shutil.copytree(folder / kept, beside / kept)
        elif (folder / kept).exists():
            shutil.copyfile(folder / kept, beside / kept)
    keep_another((folder / "input").read_bytes(), beside)
    corpora.exchange(beside, folder)
    shutil.rmtree(beside, ignore_errors=True)


def keep_another(data, folder):
    """Who dies of the same as far as the signature tells may die of something else."""
    name = hashlib.sha256(data).hexdigest()[:12]
    if any(p.exists() and p.read_bytes() == data for p in (folder / "input", folder / "input.found")):
        return
    others = folder / OTHERS
    others.mkdir(exist_ok=True)
    if len(os.listdir(others)) < MOST_OTHERS:
        (others / name).write_bytes(data)


def repeat_command(target, death, folder):
    """From the top of the tree, if the program lies there."""
    program = target.program
    if program.is_relative_to(pathlib.Path.cwd()):
        program = program.relative_to(pathlib.Path.cwd())
    # What ran into a limit of the turn does so with that limit only.
    words = turn.once(target, folder / "input", "").words[1:-1] if death.verdict == "limit" else []
    return " ".join(map(str, [program, *words, folder / "input"]))
