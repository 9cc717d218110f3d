"""Lines that no input reaches, and the reasons that fuzz/uncovered.md gives.

A reason names a file and a text. It stands for each stretch of unreached lines of
that file in which, or in the head of whose function, the text occurs: so it survives
that lines move. `never` is not reached by any input, `chance` by some on some days,
which only `never` makes out of date.
"""

import dataclasses
import re

ROW = re.compile(r"^\| (\S+) \| (never|chance) \| `(.+?)` \| (.+) \|$")


class Unreadable(Exception):
    """The one line to say."""


@dataclasses.dataclass(frozen=True)
class Reason:
    path: str
    when: str
    text: str
    why: str


@dataclasses.dataclass(frozen=True)
class Stretch:
    """Unreached lines of one function, with none that is reached between them."""

    path: str
    numbers: tuple
    words: str  # the lines themselves, and the head of their function


def read(path):
    """The table's rows; any other line is prose."""
    reasons = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("| ") or line.startswith(("| file ", "| --- ")):
            continue
        row = ROW.match(line)
        if row is None:
            raise Unreadable(f"{path}:{number}: expected | file | never or chance | `text` | why |")
        reasons.append(Reason(*row.groups()))
    return reasons


def head(source, begin):
    """The lines from the name of a function to the line in which its body begins."""
    first = begin
    while first > 1:
        above = source[first - 2].strip()
        if not above or above.endswith((";", "}", ":", "{")) or above.startswith(("//", "#", "template")):
            break
        first -= 1
    return "\n".join(source[first - 1 : begin])


def stretches(path, counts, begins, source):
    """Of one file: line -> how often; where its functions begin; its lines."""
    found, numbers, begin = [], [], 0
    for number in [*sorted(counts), None]:
        begins_here = number in begins
        if numbers and (number is None or counts[number] or begins_here):
            words = "\n".join(source[n - 1] for n in numbers)
            found.append(Stretch(path, tuple(numbers), f"{head(source, begin) if begin else ''}\n{words}"))
            numbers = []
        if begins_here:
            begin = number
        if number is not None and not counts[number]:
            numbers.append(number)
    return found


@dataclasses.dataclass
class Explained:
    by_reason: list  # (Reason, [Stretch])
    unexplained: list  # Stretch
    out_of_date: list  # Reason


def explain(found, reasons, texts):
    """`texts`: path -> the whole file, of those that exist."""
    left, by_reason, out_of_date = list(found), [], []
    for reason in reasons:
        mine = [s for s in found if s.path == reason.path and reason.text in s.words]
        if mine:
            by_reason.append((reason, mine))
            left = [s for s in left if s not in mine]
        if reason.text not in texts.get(reason.path, "") or (not mine and reason.when == "never"):
            out_of_date.append(reason)
    return Explained(by_reason, left, out_of_date)
