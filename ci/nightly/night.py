"""The night itself: one loop that starts units, looks after them, and settles
them. It has no threads, so that at every moment it is known what is in flight."""

import collections
import time

import attempt
import in_flight
import kinds
import machine
import plan
import replays

# So many failures of one lens in a row are no bad luck: it cannot work here.
FAILURES_IN_A_ROW = 10


class Running:
    def __init__(self, unit, folder, number_of_attempt, process, command):
        self.unit, self.folder = unit, folder
        self.attempt = number_of_attempt
        self.process, self.command = process, command
        self.end = None  # of the unit itself; then come its replays
        self.replays = None


class Night(in_flight.InFlight):
    def __init__(self, choices, the_plan, store, progress, fuzzed=None, blind=None):
        super().__init__()
        self.fuzzed = fuzzed  # inputs.Inputs, if there are fuzz units
        self.growing = fuzzed and fuzzed.growing
        self.choices = choices
        self.plan = the_plan
        self.store = store
        self.progress = progress
        self.done = store.done()
        self.given_up = dict(blind or {})  # lens -> why
        self.failures_in_a_row = collections.Counter()
        self._next = 0
        minutes = choices.minutes or 0
        # What was missing is run whole, however long: it has its own bound.
        self.deadline = float("inf") if choices.resume else time.monotonic() + 60 * minutes
        self.memory_kib = (
            choices.memory_mib * 1024 if choices.memory_mib else machine.memory_kib() * 0.8 / choices.jobs
        )

    def run(self):
        while True:
            # A corpus that has grown has the place of a unit, before the next ones have it.
            if self.growing and not self.growing.goes_on() and self._may_start():
                self.growing.begin(self.left())
            while self._may_start():
                self._start(self._next_unit())
            if not self.running and not self._has_more():
                self._abandon_growing()
                return
            self.wait_and_look()

    def left(self):
        if self.deadline == float("inf"):
            return sum(self.plan.unit(n).seconds for n in self.missing()) / self.choices.jobs
        return self.deadline - time.monotonic()

    def missing(self):
        """Of the planned units, those that have no result."""
        flying = {running.unit.number for running in self.running}
        return [n for n in range(self._last()) if n not in flying and n not in self.done]

    def _last(self):
        return min(self.plan.planned, self.choices.units or self.plan.planned)

    def _next_unit(self):
        number = self._next
        self._next += 1
        return self.plan.unit(number)

    def _may_start(self):
        busy = len(self.running) + (self.growing is not None and self.growing.goes_on())
        return busy < self.choices.jobs and self._has_more()

    def _has_more(self):
        if self.stopping or not self.plan.sweep_length:
            return False
        if len(self.given_up) == len({variant.lens for variant in self.plan.variants}):
            return False
        while self._next in self.done or self.plan.unit(self._next).lens in self.given_up:
            self._next += 1
        if self.choices.units and self._next >= self.choices.units:
            return False
        if self.choices.resume:
            return self._next < self.plan.planned
        # The first one runs however short the night: nothing is no answer.
        return self.left() >= 1 or not (self.done or self.running)

    def _start(self, unit):
        folder, number_of_attempt = self.store.begin(unit.number)
        seconds = max(1, min(unit.seconds, int(self.left()))) if not self.choices.resume else unit.seconds
        words = kinds.command(unit, seconds, self.choices, folder)
        limit = kinds.limit_seconds(unit, self.choices.grace)
        try:
            process = attempt.Attempt(words, folder, limit, self.memory_kib, kinds.environment(unit))
        except OSError as error:
            self._settle(Running(unit, folder, number_of_attempt, None, words), not_begun(error))
            return
        self.running.append(Running(unit, folder, number_of_attempt, process, words))
        # At once: a short unit may be over before anybody looks at it again.
        self._show()

    def interrupt(self):
        self._abandon_growing()
        super().interrupt()

    def abandon(self):
        self._abandon_growing()
        super().abandon()

    def _abandon_growing(self):
        """What is not minimised now is when the corpora are handed on."""
        if self.growing:
            self.growing.abandon()

    def _look(self):
        if self.growing and self.growing.goes_on() and (said := self.growing.look()):
            self.progress.line(said)
        for running in list(self.running):
            end = running.process.poll()
            if end is not None and not self._goes_on(running, end):
                self.running.remove(running)
                self._settle(running, running.end)
        self._show()

    def _show(self):
        self.progress.show(len(self.done), [r.unit for r in self.running], self.left())

    def _goes_on(self, running, end):
        """Whether the unit has a replay to do yet; then that has been begun."""
        if running.end is None:
            running.end = end
            said = kinds.records(running.folder)
            running.replays = replays.Replays(running.unit, said, running.folder, self.choices)
        else:
            running.replays.ended(end, kinds.last_words(running.folder, "replay.stderr.txt"))
        words = None if self.stopping else running.replays.next_command()
        if words:
            running.process = attempt.Attempt(
                words, running.folder, replays.LIMIT_SECONDS, self.memory_kib, {}, "replay."
            )
        return bool(words)

    def _settle(self, running, end):
        unit = running.unit
        said = kinds.records(running.folder)
        outcome, why = kinds.outcome(end, said, running.folder, self.stopping)
        record = unit_record(unit, running, end, outcome, why)
        folder = self.store.settle(running.folder, record)
        if self.fuzzed and unit.kind == "fuzz":
            self.fuzzed.settle(folder)
        self.done[unit.number] = record
        self.progress.unit(unit, record, said, self.left())
        failed = outcome in kinds.INFRASTRUCTURE and end.ended - end.began < unit.seconds / 2
        self._count(unit.lens, failed, why)

    def _count(self, lens, failed, why):
        """Gives a lens up that does nothing but fail; the others go on."""
        self.failures_in_a_row[lens] = self.failures_in_a_row[lens] + 1 if failed else 0
        if self.failures_in_a_row[lens] < FAILURES_IN_A_ROW or lens in self.given_up or self.stopping:
            return
        name = "" if lens == "none" else f" of lens {lens}"
        self.given_up[lens] = f"{FAILURES_IN_A_ROW} units{name} in a row failed at once, the last: {why}"
        self.progress.line(f"nightly: giving up: {self.given_up[lens]}")


def not_begun(error):
    now = time.time()
    return attempt.End(127, f"failed: cannot run the driver: {error.strerror}", now, now, 0, 0)


def unit_record(unit, running, end, outcome, why):
    return {
        "schema": "reveille-unit/1",
        "number": unit.number,
        "kind": unit.kind,
        "lens": unit.lens,
        "scenario": unit.scenario,
        "procs": unit.procs,
        "rescuers": unit.rescuers,
        "chaos": unit.chaos,
        "seed": unit.seed,
        "seconds": unit.seconds,
        "title": unit.title(),
        "attempt": running.attempt,
        "command": [str(word) for word in running.command],
        "outcome": outcome,
        "why": why,
        "status": end.status,
        "began": round(end.began, 3),
        "ended": round(end.ended, 3),
        "replays": running.replays.counts if running.replays else {},
        "cpu_s": round(end.cpu_s, 3),
        "max_rss_kib": end.max_rss_kib,
    }


def make_plan(night_record, wanted):
    return plan.Plan(
        night_record["options"]["seed"],
        night_record["scenarios"],
        night_record["lenses"],
        night_record["options"]["minutes"] * 60 * night_record["options"]["jobs"],
        wanted,
        night_record.get("bugs", ()),
        night_record.get("targets", ()),
    )
