"""The lines of code that a place in a story means.

A place is the end of a path and a line ("scheduler/idle.cc:26"). A mutant's
story speaks of its own copy of the scheduler. The tree may have changed since
the night; then the words no longer fit, which only costs the picture a name.
"""

import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("scheduler", "stress", "sanitizers", "fuzz")

ATOMIC = re.compile(
    r"(\w+)(?:\.|->)(?:fetch_\w+|store|load|exchange|compare_exchange_\w+|test_and_set|clear|wait)\("
)


class Sources:
    def __init__(self, build_root="build", mutant="", root=ROOT):
        self.root = root
        self.staged = root / build_root / "release" / "mutants" / mutant if mutant else None
        self.lines = {}

    @functools.cached_property
    def by_end(self):
        """The last two words of a path -> the path. Read when first asked for: a
        night without a finding never does."""
        result = {}
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in (".cc", ".h"):
                    result.setdefault("/".join(path.parts[-2:]), path)
        return result

    def path(self, end):
        """Where the file is; None if it is nobody's here."""
        if self.staged is not None and (self.staged / end).is_file():
            return self.staged / end
        return self.by_end.get("/".join(pathlib.PurePath(end).parts[-2:]))

    def relative(self, end):
        """As git names it: for a mutant's copy, what it was copied from."""
        path = self.by_end.get("/".join(pathlib.PurePath(end).parts[-2:]))
        return path.relative_to(self.root).as_posix() if path else end

    def _lines(self, end):
        if end not in self.lines:
            path = self.path(end)
            try:
                self.lines[end] = path.read_text(errors="replace").splitlines() if path else []
            except OSError:
                self.lines[end] = []
        return self.lines[end]

    def around(self, end, line, before=2, after=2):
        """[(number, text)] around a line; nothing if there is no such line."""
        lines = self._lines(end)
        if not 0 < line <= len(lines):
            return []
        first = max(1, line - before)
        return [(n, lines[n - 1]) for n in range(first, min(len(lines), line + after) + 1)]

    def variable(self, end, line):
        """The atomic that a line works on; a statement may have begun just
        before or end just after it."""
        lines = self._lines(end)
        for number in (line, line + 1, line - 1):
            names = set(ATOMIC.findall(lines[number - 1])) if 0 < number <= len(lines) else ()
            if names:
                # Two in one line: nobody knows which is meant.
                return names.pop() if len(names) == 1 else ""
        return ""
