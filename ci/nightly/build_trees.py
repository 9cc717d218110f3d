"""What the build trees can build and have built, as ninja knows it."""

import pathlib
import subprocess
import tempfile


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
    # A dry run of a tree that has to be looked through for new files (CONFIGURE_DEPENDS)
    # says so and nothing else, whether there are any or not. So that is done first, and
    # the tree configured again if need be; then ninja is asked by a file that has no
    # rule for itself.
    if ninja(tree, "build.ninja") is None:
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".ninja") as asking:
        asking.write("include build.ninja\n")
        asking.flush()
        return "no work to do" in (ninja(tree, "-f", asking.name, "-n", name) or "")


def ninja(tree, *words):
    """What it said; None if it failed."""
    try:
        ran = subprocess.run(["ninja", "-C", tree, *words], capture_output=True, text=True, errors="replace")
    except OSError:
        return None
    return ran.stdout if ran.returncode == 0 else None
