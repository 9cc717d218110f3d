"""A turn: one target searches for a while; what it dies of is repeated and made
smaller. A generator of the commands to run, one after the other; it is sent how
each has ended, and returns what came of the turn."""

import dataclasses
import os
import pathlib
import re
import signal

import signature

# The engine's own limits, and how much longer than its time it may take to end.
TIMEOUT_SECONDS = 25
RSS_MIB = 2048
GRACE_SECONDS = 60
TIMEOUT_FLAG = "-timeout="
REPEATS = 3
# What the engine calls what it keeps; slow-unit-... is no failure.
DEATHS = ("crash-", "leak-", "timeout-", "oom-")
# How it ends when its time is over, or when it was asked to: before it listens to
# signals, or afterwards.
WELL = (0, -signal.SIGINT, 72)
MOST_LOG = 200_000
# Of the search, in the turn's folder.
LOG = "stderr.txt"

STATUS = re.compile(
    r"^#(?P<executions>\d+)\s.*?cov: (?P<cov>\d+) ft: (?P<ft>\d+) .*?exec/s: (?P<rate>\d+)", re.MULTILINE
)
EXECUTED = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)


@dataclasses.dataclass
class Command:
    words: list
    limit_seconds: float
    prefix: str  # of the files of what it says


@dataclasses.dataclass
class Came:
    """What came of a turn."""

    target: object
    seconds: float = 0
    executions: int = 0
    cov: int = 0
    features: int = 0
    failure: str = ""  # why it could not search
    death: object = None
    input: pathlib.Path = None
    shrunk: pathlib.Path = None
    log: str = ""
    repeats: dict = dataclasses.field(default_factory=dict)


def read_log(path):
    """Its end and its beginning, if it is long."""
    try:
        data = pathlib.Path(path).read_bytes()
    except OSError:
        return ""
    if len(data) > MOST_LOG:
        data = data[: MOST_LOG // 2] + b"\n...\n" + data[-MOST_LOG // 2 :]
    return data.decode(errors="replace")


def status_of(folder):
    """(executions, cov, features, executions per second) of a turn at hand."""
    found = None
    for found in STATUS.finditer(read_log(folder / LOG)):
        pass
    return tuple(map(int, found.group("executions", "cov", "ft", "rate"))) if found else (0, 0, 0, 0)


def grace_seconds(target):
    """The engine looks at what hangs every half of its timeout."""
    own = [int(f.removeprefix(TIMEOUT_FLAG)) for f in target.flags if f.startswith(TIMEOUT_FLAG)]
    return 1.5 * [TIMEOUT_SECONDS, *own][-1] + GRACE_SECONDS


def search(target, folder, new, corpus, seconds, seed):
    words = [target.program, f"-max_total_time={max(1, round(seconds))}", "-print_final_stats=1"]
    words += [f"-timeout={TIMEOUT_SECONDS}", f"-rss_limit_mb={RSS_MIB}", f"-artifact_prefix={folder}/"]
    words += [f"-seed={seed % 2**32 or 1}"] if seed else []
    # Last, so that a target's own limits count.
    words += [*target.flags, new, corpus]
    words += [target.seeds] if target.seeds.is_dir() else []
    return Command(words, seconds + grace_seconds(target), "")


def once(target, path, prefix):
    words = [target.program, f"-timeout={TIMEOUT_SECONDS}", f"-rss_limit_mb={RSS_MIB}", *target.flags]
    return Command([*words, path], grace_seconds(target), prefix)


def shrink(target, path, smaller, seconds):
    words = [target.program, "-minimize_crash=1", f"-max_total_time={round(seconds)}"]
    words += [f"-exact_artifact_path={smaller}", *target.flags, path]
    return Command(words, seconds + grace_seconds(target), "shrink.")


def dead_input(folder):
    kept = sorted(p for p in folder.iterdir() if p.name.startswith(DEATHS))
    return kept[0] if kept else None


def last_words(log):
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "without a word"


def read_search(came, folder, end):
    came.seconds = end.ended - end.began
    came.log = read_log(folder / LOG)
    came.executions, came.cov, came.features, _ = status_of(folder)
    executed = EXECUTED.search(came.log)
    came.executions = max(came.executions, int(executed[1]) if executed else 0)
    came.input = dead_input(folder)
    if came.input:
        came.death = signature.death(came.log)
    elif end.why or end.status not in WELL:
        came.failure = end.why or f"exit {end.status}: {last_words(came.log)}"


def take(target, folder, new, corpus, seconds, seed, shrink_seconds, known, stopping, met=lambda came: None):
    """`met` is told at once of a death that is not known, and has its input."""
    came = Came(target)
    end = yield search(target, folder, new, corpus, seconds, seed)
    read_search(came, folder, end)
    if came.death and not known(came.death.signature()):
        met(came)
        yield from settle(came, folder, shrink_seconds, stopping)
    return came


def take_up(target, folder, shrink_seconds, known, stopping):
    """The same with a death that a killed campaign has left in its turn's folder. What
    it said then may have been cut off."""
    came = Came(target, input=dead_input(folder), log=read_log(folder / LOG))
    end = yield once(target, came.input, "again.")
    if end.status not in WELL and not end.why:
        came.log = read_log(folder / "again.stderr.txt")
    came.death = signature.death(came.log)
    if not known(came.death.signature()):
        yield from settle(came, folder, shrink_seconds, stopping)
    return came


def settle(came, folder, shrink_seconds, stopping):
    """Whether it repeats, and a smaller input."""
    came.repeats = {"same": 0, "of": 0}
    while came.repeats["of"] < REPEATS and not stopping():
        prefix = f"repeat{came.repeats['of']}."
        yield once(came.target, came.input, prefix)
        if stopping():  # That may be how it ended.
            return
        log = read_log(folder / f"{prefix}stderr.txt")
        came.repeats["same"] += signature.death(log).signature() == came.death.signature()
        came.repeats["of"] += 1
    # What does not repeat cannot be made smaller; limits take too long.
    if came.repeats["same"] == REPEATS and came.death.verdict != "limit" and not stopping():
        yield from make_smaller(came, folder, shrink_seconds)


def make_smaller(came, folder, seconds):
    """Keeps a smaller input only if it shows the same."""
    smaller = folder / "smaller"
    yield shrink(came.target, came.input, smaller, seconds)
    if not smaller.exists() or os.path.getsize(smaller) >= os.path.getsize(came.input):
        return
    yield once(came.target, smaller, "smaller.")
    log = read_log(folder / "smaller.stderr.txt")
    if signature.death(log).signature() == came.death.signature():
        came.shrunk, came.log = smaller, log
