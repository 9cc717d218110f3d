"""Fuzz targets that are made up, for tests: each plays what $TARGETS says of it, such
as "a_fuzz=grow b_fuzz=die"; the canary dies unless it is told otherwise."""

import pathlib

# Without site and with few imports: it is started often.
SOURCE = r"""#!/usr/bin/env -S --block-signal=INT python3 -I -S
import os, pathlib, signal, sys, time

name = pathlib.Path(sys.argv[0]).name
plays = dict(word.split("=") for word in os.environ["TARGETS"].split())
play = plays.get(name, "die" if name == "canary_fuzz" else "grow")
flags = dict(word[1:].split("=", 1) for word in sys.argv[1:] if word.startswith("-"))
paths = [pathlib.Path(word) for word in sys.argv[1:] if not word.startswith("-")]
seconds = float(os.environ.get("TURN_SECONDS", "0.2"))

def say(text):
    print(text, file=sys.stderr, flush=True)

def note(kind):
    with open(os.environ["TARGET_CALLS"], "a") as calls:
        calls.write(f"{kind} {name} {os.getpid()} {' '.join(sys.argv[1:])}\n")

def interrupted(*_):
    say("==1== libFuzzer: run interrupted; exiting")
    os._exit(72)

def die(which):
    if name == "canary_fuzz":
        say("canary_fuzz: found")
    else:
        say(f"BROKEN PROMISE: {which} of {time.time_ns()} is kept")
    say("==7== ERROR: libFuzzer: deadly signal")
    say("    #0 0x55 in __sanitizer_print_stack_trace (/x/a_fuzz+0x1) (BuildId: 40)")
    say("    #1 0x7f61ec644471 in abort stdlib/abort.c:79:7")
    say("    #2 0x55 in reveille::fuzz::BrokenPromise(char const*) /x/fuzz/promise.h:15:3")
    say(f"    #3 0x55 in reveille::fuzz::(anonymous namespace)::{which}<int>(char const*, unsigned long) /x/a.cc:54:3")

signal.signal(signal.SIGINT, interrupted)
# Python may lose one that comes while it still imports.
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
if flags.get("merge") == "1":
    note("merge")
    if play == "merge-dies":
        paths[0].joinpath("half").write_text("half")
        say("out of memory")
        sys.exit(1)
    time.sleep({"merge-slow": seconds, "merge-endless": 60}.get(play, 0))
    covered = set()
    for folder in paths[1:]:
        for path in sorted(folder.iterdir()):
            if path.read_text()[:1] not in covered:
                covered.add(path.read_text()[:1])
                paths[0].joinpath(path.name).write_text(path.read_text())
    sys.exit(0)
if flags.get("minimize_crash") == "1":
    note("shrink")
    if play == "die-shrinks-slowly":
        time.sleep(60)
    text = "other" if play == "die-shrinks-to-another" else "d"
    pathlib.Path(flags["exact_artifact_path"]).write_text(text)
    sys.exit(0)
if paths and paths[0].is_file():
    note("once")
    text = paths[0].read_text()
    if play == "die-repeats-slowly":
        time.sleep(60)
    if play == "die-once":
        sys.exit(0)
    if text.startswith("d"):
        die("Word")
        sys.exit(77)
    if text.startswith("o"):
        die("Other")
        sys.exit(77)
    sys.exit(0)

note("search")
say("INFO: Seed: 1")
if play == "memory":
    block = b"x" * (300 << 20)
    time.sleep(60)
if play == "deaf":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)
if play == "broken":
    say("error while loading shared libraries: libnone.so")
    sys.exit(127)
if play.startswith("die"):
    pathlib.Path(flags["artifact_prefix"] + "crash-abc").write_text(f"dead and {os.getpid() if play == 'die-anew' else 'large'}")
    if paths:
        paths[0].joinpath("i0").write_text("0")
    die("Word")
    sys.exit(77)
executions = 0
began = time.monotonic()
# However slow the machine, everything that there is to cover is covered.
while play == "endless" or executions < 400 or time.monotonic() < began + seconds:
    executions += 100
    mine = f"{os.getpid()}.{executions}"
    paths[0].joinpath(mine).write_text(f"{executions // 100 % 4} {mine}")
    say(f"#{executions}\tNEW    cov: {executions} ft: {executions} corp: 1/1b lim: 4 exec/s: 500 rss: 30Mb L: 1/1 MS: 1 A-")
    time.sleep(0.05)
say(f"stat::number_of_executed_units: {executions}")
"""


def build_tree(folder, names, presets=("fuzz",)):
    """A tree of build trees; returns its root."""
    root = pathlib.Path(folder) / "build"
    for preset in presets:
        (root / preset / "bin").mkdir(parents=True, exist_ok=True)
        (root / preset / "fuzz_targets.txt").write_text("".join(f"{name}\n" for name in names))
        for name in names:
            program = root / preset / "bin" / name
            program.write_text(SOURCE)
            program.chmod(0o755)
    return root


def calls(path, kind=""):
    """[kind, target, process, words...] of each that was noted in $TARGET_CALLS."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split() for line in lines if line.startswith(kind)]
