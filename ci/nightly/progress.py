"""What the night says while it goes on: a line per unit as it ends, and on a
terminal one more at the bottom with what is running."""

import os
import sys

import tally

COLORS = {"clean": "32", "finding": "31", "interrupted": "33", "skipped": "33"}


def clock(seconds):
    seconds = max(0, int(seconds))
    return f"{seconds // 60:3d}:{seconds % 60:02d}"


class Progress:
    def __init__(self, planned, stream=sys.stdout):
        self.stream = stream
        self.planned = planned
        self.terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.color = self.terminal and not os.environ.get("NO_COLOR")
        self.bottom = ""

    def line(self, text):
        self._erase()
        print(text, file=self.stream, flush=True)

    def unit(self, unit, record, said, left):
        searched = tally.searched(said)
        outcome = record["outcome"]
        text = f"[{clock(left)} left] {unit.title():46s} {self._colored(outcome):8s} {searched}"
        self.line(text.rstrip())
        if record.get("why"):
            self.line(f"    {record['why']}")
        for verdict in tally.verdicts(said):
            self.line(f"    {verdict['verdict']}: {verdict['what'][:160]}")

    def show(self, done, running, left):
        if not self.terminal:
            return
        names = "; ".join(unit.title() for unit in running)
        self.bottom_line(f"[{clock(left)} left] {done}/{self.planned} units; {names}")

    def bottom_line(self, text):
        """On a terminal: in the place of the last one."""
        if not self.terminal:
            return
        text = text[: os.get_terminal_size(self.stream.fileno()).columns - 1]
        if text != self.bottom:
            self._erase()
            self.stream.write(text)
            self.stream.flush()
            self.bottom = text

    def _erase(self):
        if self.bottom:
            self.stream.write("\r\033[K")
            self.bottom = ""

    def _colored(self, outcome):
        if not self.color:
            return outcome
        return f"\033[{COLORS.get(outcome, '31')}m{outcome:8s}\033[0m"
