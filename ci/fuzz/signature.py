"""What a target that died says of why, made short: equal for deaths with the same
cause, as far as the verdict and the topmost three frames of our own code tell."""

import dataclasses
import hashlib
import json
import re

FRAMES = 3

# (what a line says, the verdict); the first line that fits counts. A judge of
# ours comes before the sanitizer that reports how it ended the process.
VERDICTS = (
    (re.compile(r"BROKEN PROMISE: (?P<what>.*)"), "broken-promise"),
    # Of schedule_fuzz and threads_fuzz; behind it comes what to do with the input.
    (re.compile(r"^\w+_fuzz: (?P<verdict>[a-z]+(?:-[a-z]+)*): (?P<what>.*?)(?: \(reveille replay .*)?$"), None),
    (re.compile(r"runtime error: (?P<what>.*)"), "undefined-behaviour"),
    (re.compile(r"ERROR: AddressSanitizer: (?P<what>[\w-]+)"), "address"),
    (re.compile(r"ERROR: LeakSanitizer: (?P<what>.*)"), "leak"),
    (re.compile(r"WARNING: ThreadSanitizer: (?P<what>[\w -]+)"), "thread"),
    (re.compile(r"ERROR: libFuzzer: (?P<what>timeout|out-of-memory)"), "limit"),
    (re.compile(r"ERROR: libFuzzer: (?P<what>[\w ]+)"), "crash"),
)
FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ in (?P<function>.+?)(?: (?:/|\(|<|\S+/)\S*)*\s*(?:\(BuildId: \w+\))?$")
# How a process dies and who watches it, not where the fault is.
NOT_OURS = re.compile(
    r"^(__sanitizer|__interceptor|__asan|__ubsan|__lsan|__tsan|__libc|__pthread|_start|raise|abort|gsignal|kill"
    r"|fuzzer::|LLVMFuzzer|main$|std::terminate|__cxa|operator new|malloc|free$|realloc"
    r"|reveille::fuzz::(BrokenPromise|Promise)|reveille::fuzz::\(anonymous namespace\)::Die\b)"
)
NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")


@dataclasses.dataclass(frozen=True)
class Death:
    verdict: str
    what: str
    frames: tuple

    def signature(self):
        # Numbers are of this run: addresses, sizes, values.
        known = [self.verdict, NUMBER.sub("N", self.what), self.frames]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]


def bare(function):
    """Without arguments and template arguments."""
    function = function.replace("(anonymous namespace)", "anonymous")
    depth, kept = 0, []
    for char in function:
        depth -= char in ">)" and depth > 0
        if depth == 0 and char not in "<(>)":
            kept.append(char)
        depth += char in "<("
    return "".join(kept).removesuffix(" const").strip()


def verdict_of(lines):
    for pattern, verdict in VERDICTS:
        for line in lines:
            match = pattern.search(line)
            if match:
                return verdict or match["verdict"], match["what"].strip()[:200]
    return "crash", "died without a word"


def death(log):
    lines = log.splitlines()
    verdict, what = verdict_of(lines)
    frames = []
    for line in lines:
        match = FRAME.match(line)
        if match and not NOT_OURS.match(match["function"]):
            name = bare(match["function"])
            if name and name not in frames:
                frames.append(name)
        if len(frames) == FRAMES:
            break
    return Death(verdict, what, tuple(frames))
