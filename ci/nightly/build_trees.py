"""What the build trees can build and have built, as ninja knows it."""

import pathlib
import subprocess


def knows_target(build_root, preset, name):
    try:
        text = pathlib.Path(build_root, preset, "build.ninja").read_text(encoding="utf-8")
    except OSError:
        return False
    return f"build {name}: phony" in text


def is_up_to_date(build_root, preset, name):
    tree = pathlib.Path(build_root, preset)
    if not (tree / "build.ninja").exists():
        return False
    try:
        asked = subprocess.run(["ninja", "-C", tree, "-n", name], capture_output=True, text=True)
    except OSError:
        return False
    return "no work to do" in asked.stdout
