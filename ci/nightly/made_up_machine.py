"""A machine that is made up, for tests of the night: drivers, fuzz targets, a place
for results, and what was called."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "fuzz"))

import made_up_driver
import made_up_target


class Folder:
    def __init__(
        self, play, more=(), explore=True, presets=("release",), mutant="", environment=None, targets=()
    ):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.temporary.name)
        self.out = self.path / "out"
        self.more = list(more)
        self.play = play
        self.build = made_up_driver.build_tree(self.path, explore, presets, mutant)
        self.fuzz = self.path / "fuzz"
        if targets:
            made_up_target.build_tree(self.path, targets)
        self.environment = environment or {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def start(self, *more, play=None, before=None, stdout=subprocess.PIPE, **environment_now):
        # -S: packages of the machine are not needed, and looking for them takes time.
        words = [sys.executable, "-BS", str(HERE), f"--build-root={self.build}", f"--out={self.out}"]
        words += [f"--fuzz-folder={self.fuzz}"]
        words += [*self.more, *more]
        if not any(word.startswith(("--minutes", "--resume")) for word in words):
            words += ["--minutes=5"]
        if not any(word.startswith(("--units", "--resume")) for word in words):
            words += ["--units=3"]
        if not any(word.startswith(("--seed", "--resume")) for word in words):
            words += ["--seed=5"]
        environment = {
            "PLAY": play or self.play,
            "RUNNING": str(self.path / "running"),
            "CALLS": str(self.path / "calls"),
            "TARGETS": "",
            "TARGET_CALLS": str(self.path / "target-calls"),
        }
        return subprocess.Popen(
            words,
            env=os.environ | environment | self.environment | environment_now,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=before,
        )

    def run(self, *more, play=None, before=None, **environment_now):
        child = self.start(*more, play=play, before=before, **environment_now)
        said, _ = child.communicate(timeout=90)
        return child.returncode, said

    def calls(self):
        path = self.path / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def target_calls(self, kind=""):
        """[kind, target, process, words...] of each."""
        return made_up_target.calls(self.path / "target-calls", kind)

    def units(self):
        records = [json.loads(p.read_text()) for p in self.out.glob("units/[0-9]*/unit.json")]
        return {record["number"]: record for record in records}

    def await_running(self, child):
        path = self.path / "running"
        while child.poll() is None and not (path.exists() and path.read_text()):
            time.sleep(0.01)
        return int(path.read_text())


def is_there(pid):
    try:
        return pathlib.Path("/proc", str(pid), "stat").read_text().split()[2] != "Z"
    except (OSError, IndexError):
        return False


def judge(what, checks):
    """Runs them all; each yields (name, whether as expected, what was seen)."""
    passed = failed = 0
    # They mostly wait: for an interpreter to start, for a time to pass.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for results in pool.map(lambda check: list(check()), checks):
            for name, ok, said in results:
                passed, failed = passed + bool(ok), failed + (not ok)
                if not ok:
                    print(f"FAILED: {name}: {said}", flush=True)
    print(f"{what}: {passed} cases as expected, {failed} not")
    if os.environ.get("COUNTS"):
        pathlib.Path(os.environ["COUNTS"]).write_text(f"{passed} {failed}\n")
    sys.exit(1 if failed else 0)
