"""Whether a lens can see: before a night trusts it, it must report a bug that is
there. For a sanitizer that is the canary of its tree (sanitizers/canary/), whose
test knows what it must say; for the lens explore a pool of the zoo, which the
product's driver has built in. A lens that reports nothing is green for ever.
With --mutant=NAME explore has a bug in the pool itself, and no zoo.

The lens fuzz has a canary that each of its units asks (ci/fuzz/canary.py)."""

import shlex
import subprocess
import tempfile

import kinds

# Of a tree's tests, after "canary."; the program is called canary_NAME.
OF_TREE = {"tsan": ("thread",), "asan": ("address", "leak")}
# Found in a fraction of a second; so many schedules are a few seconds.
ZOO = ("--pool=zoo-late-post", "--scenario=burst", "--procs=2", "--schedules=20000", "--seed=1")
PATIENCE_SECONDS = 120


def programs(lens):
    """Targets of the build that the lens's canary needs."""
    return [f"canary_{name}" for name in OF_TREE.get(lens, ())]


def answers(choices, lenses):
    """{lens: "" when it has seen what it must, or why it is blind}, of those that have a
    canary."""
    return {lens: why_blind(choices, lens) for lens in dict.fromkeys(lenses) if has_one(choices, lens)}


def has_one(choices, lens):
    return lens in OF_TREE or (lens == "explore" and not choices.mutant)


def why_blind(choices, lens):
    if lens == "explore":
        return why_not_explored(choices)
    reasons = (why_test_failed(choices.build_root, kinds.PRESET[lens], name) for name in OF_TREE[lens])
    return next((why for why in reasons if why), "")


def why_test_failed(build_root, preset, name):
    words = ["ctest", "--test-dir", f"{build_root}/{preset}", "--no-tests=error", "-R", rf"^canary\.{name}$"]
    return why_not(words, 0)


def why_not_explored(choices):
    with tempfile.TemporaryDirectory() as folder:
        words = [kinds.driver(choices.build_root, "explore"), "explore", *ZOO, "--shrink-seconds=0"]
        return why_not([*words, f"--out={folder}"], 1)


def why_not(words, expected):
    """The command that does not end as it must, for whoever wants to see."""
    try:
        said = subprocess.run(words, capture_output=True, timeout=PATIENCE_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{shlex.join(words)}: {error}"
    return "" if said.returncode == expected else f"{shlex.join(words)} ends with {said.returncode}"
