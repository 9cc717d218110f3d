"""The story of a finding whose input decides a schedule, from the driver beside the
target: which thread did what, and which wakeup was missed."""

import subprocess

import store  # of ci/nightly
import targets

LIMIT_SECONDS = 60
# `replay` ends so when it was the same finding again.
SAME = 1


def tell(target, folder):
    """Into the finding's folder, where there is somebody to tell it."""
    teller = target.program.parent / targets.TELLERS.get(target.name, "")
    if not teller.is_file():
        return
    for name, more in (("story.txt", []), ("trace.json", ["--trace"])):
        words = [teller, "replay", "--fuzz-input", *more, folder / "input"]
        try:
            said = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=LIMIT_SECONDS)
        except (OSError, subprocess.SubprocessError):
            return
        if said.returncode == SAME:
            store.write_text(folder / name, said.stdout)
