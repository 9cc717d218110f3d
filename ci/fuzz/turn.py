"""A turn: one target searches for a while; what it dies of is repeated and made
smaller. A generator of the commands to run, one after the other; it is sent how
each has ended, and returns what came of the turn."""

import dataclasses
import os
import pathlib
import re
import signal

import signature

# The engine's own limits, and how much longer it may take to end.
TIMEOUT_SECONDS = 25
RSS_MIB = 2048
GRACE_SECONDS = 90
REPEATS = 3
# What the engine calls what it keeps; slow-unit-... is no failure.
DEATHS = ("crash-", "leak-", "timeout-", "oom-")
# How it ends when its time is over, or when it was asked to: before it listens to
# signals, or afterwards.
WELL = (0, -signal.SIGINT, 72)
MOST_LOG = 200_000

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
    for found in STATUS.finditer(read_log(folder / "stderr.txt")):
        pass
    return tuple(map(int, found.group("executions", "cov", "ft", "rate"))) if found else (0, 0, 0, 0)


def search(target, folder, new, corpus, seconds, seed):
    words = [target.program, f"-max_total_time={max(1, round(seconds))}", "-print_final_stats=1"]
    words += [f"-timeout={TIMEOUT_SECONDS}", f"-rss_limit_mb={RSS_MIB}", f"-artifact_prefix={folder}/"]
    words += [f"-seed={seed % 2**32 or 1}"] if seed else []
    # Last, so that a target's own limits count.
    words += [*target.flags, new, corpus]
    words += [target.seeds] if target.seeds.is_dir() else []
    return Command(words, seconds + GRACE_SECONDS, "")


def once(target, path, prefix):
    words = [target.program, f"-timeout={TIMEOUT_SECONDS}", f"-rss_limit_mb={RSS_MIB}", *target.flags]
    return Command([*words, path], TIMEOUT_SECONDS + GRACE_SECONDS, prefix)


def shrink(target, path, smaller, seconds):
    words = [target.program, "-minimize_crash=1", f"-max_total_time={round(seconds)}"]
    words += [f"-exact_artifact_path={smaller}", *target.flags, path]
    return Command(words, seconds + GRACE_SECONDS, "shrink.")


def dead_input(folder):
    kept = sorted(p for p in folder.iterdir() if p.name.startswith(DEATHS))
    return kept[0] if kept else None


def last_words(log):
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "without a word"


def read_search(came, folder, end):
    came.seconds = end.ended - end.began
    came.log = read_log(folder / "stderr.txt")
    came.executions, came.cov, came.features, _ = status_of(folder)
    executed = EXECUTED.search(came.log)
    came.executions = max(came.executions, int(executed[1]) if executed else 0)
    came.input = dead_input(folder)
    if came.input:
        came.death = signature.death(came.log)
    elif end.why or end.status not in WELL:
        came.failure = end.why or f"exit {end.status}: {last_words(came.log)}"


def take(target, folder, new, corpus, seconds, seed, shrink_seconds, known, stopping):
    came = Came(target)
    end = yield search(target, folder, new, corpus, seconds, seed)
    read_search(came, folder, end)
    if not came.death or known(came.death.signature()) or stopping():
        return came
    same = 0
    for number in range(REPEATS):
        yield once(target, came.input, f"repeat{number}.")
        log = read_log(folder / f"repeat{number}.stderr.txt")
        same += signature.death(log).signature() == came.death.signature()
    came.repeats = {"same": same, "of": REPEATS}
    # What does not repeat cannot be made smaller; limits take too long.
    if same == REPEATS and came.death.verdict != "limit" and not stopping():
        yield from make_smaller(came, folder, shrink_seconds)
    return came


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
