"""Finding folders: all that somebody needs who was not there.

finding-SIGNATURE/
  verdict.json    what was concluded, from which target of which build
  input           the smallest that shows it; input.found as it was met, if larger
  log.txt         what the target said of it
  story.txt, trace.json   of a chosen schedule: told, and for Perfetto (telling.py)
  command         the command that repeats it, from the top of the tree
  seen.jsonl      a line for every time that this signature was met
"""

import hashlib
import json
import pathlib
import shutil
import time

import store  # of ci/nightly
import telling
import turn

SCHEMA = "reveille-fuzz-finding/1"


class Findings:
    def __init__(self, out, machine, home=None):
        """`home`: what `out` is called in the end, if that is another name."""
        self.out = pathlib.Path(out)
        self.home = pathlib.Path(home or out)
        self.machine = machine
        self.met = {}  # signature -> verdict.json, of this campaign

    def known(self, signature):
        return (self.out / f"finding-{signature}").is_dir()

    def see_again(self, signature, target):
        line = json.dumps({"target": target.name, "at": round(time.time(), 3)})
        path = self.out / f"finding-{signature}" / "seen.jsonl"
        try:
            with open(path, "a") as file:
                file.write(line + "\n")
        except OSError as error:
            raise store.Unwritable(path, error) from error
        verdict = store.read_json(path.with_name("verdict.json")) or {}
        self.met.setdefault(signature, verdict)

    def write(self, death, target, found, shrunk, log, repeats, facts):
        """Whole or not there; returns its folder."""
        signature = death.signature()
        folder = self.out / f"finding-{signature}"
        beside = self.out / f".finding-{signature}"
        shutil.rmtree(beside, ignore_errors=True)
        smallest = shrunk or found
        verdict = {
            "schema": SCHEMA,
            "signature": signature,
            "target": target.name,
            "preset": target.preset,
            "program_sha256": hashlib.sha256(target.program.read_bytes()).hexdigest(),
            "verdict": death.verdict,
            "what": death.what,
            "frames": list(death.frames),
            "size": smallest.stat().st_size,
            "size_found": found.stat().st_size,
            "repeats": repeats,
            "machine": self.machine,
            **facts,
        }
        try:
            beside.mkdir(parents=True)
            shutil.copyfile(smallest, beside / "input")
            if shrunk:
                shutil.copyfile(found, beside / "input.found")
            store.write_text(beside / "log.txt", log)
            command = repeat_command(target, death, self.home / folder.name)
            store.write_text(beside / "command", command + "\n")
            store.write_json(beside / "verdict.json", verdict)
            beside.rename(folder)
        except OSError as error:
            raise store.Unwritable(folder, error) from error
        telling.tell(target, folder)
        self.see_again(signature, target)
        return folder


def repeat_command(target, death, folder):
    """From the top of the tree, if the program lies there."""
    program = target.program
    if program.is_relative_to(pathlib.Path.cwd()):
        program = program.relative_to(pathlib.Path.cwd())
    # What ran into a limit of the turn does so with that limit only.
    words = turn.once(target, folder / "input", "").words[1:-1] if death.verdict == "limit" else []
    return " ".join(map(str, [program, *words, folder / "input"]))
