"""The campaign itself: one loop that gives the targets their turns, the one with
the least time first, and settles what came of them. It has no threads."""

import collections
import os
import shutil
import time

import attempt  # of ci/nightly
import in_flight
import machine
import minimise
import store
import turn

LONGEST_TURN_SECONDS = 120
TURNS_EACH = 3
# A target that does nothing but die of what is known gives its time to others.
MOST_DEATHS = 30
FAILURES_IN_A_ROW = 3


class Running:
    def __init__(self, target, folder, new, steps):
        self.target, self.folder, self.new, self.steps = target, folder, new, steps
        self.began = time.monotonic()
        self.process = None


class Tally:
    """What one target has done in this campaign."""

    def __init__(self):
        self.seconds = self.executions = self.cov = self.features = 0
        self.turns = self.deaths = self.failures = self.failures_in_a_row = 0
        self.failure = ""
        self.findings = set()
        self.before = self.after = 0

    def over(self):
        return self.deaths >= MOST_DEATHS or self.failures_in_a_row >= FAILURES_IN_A_ROW


class Campaign(in_flight.InFlight):
    def __init__(self, choices, targets, corpora, findings, status):
        super().__init__()
        self.choices, self.targets = choices, targets
        self.corpora, self.findings, self.status = corpora, findings, status
        self.tallies = {target: Tally() for target in targets}
        self.scratch = corpora.scratch()
        self._left = self._left_deaths()
        self.memory_kib = machine.memory_kib() * 0.8 / choices.jobs
        self.seconds = 60 * choices.minutes
        self.slice_seconds = choices.slice_seconds or self._slice_seconds()
        self.began = time.monotonic()
        self.abandoned = self._said_so = False
        self._turns = collections.Counter()

    def _slice_seconds(self):
        each = self.seconds * self.choices.jobs / len(self.targets)
        return min(each, max(2, min(LONGEST_TURN_SECONDS, each / TURNS_EACH)))

    def elapsed(self):
        return time.monotonic() - self.began

    def left(self):
        return self.seconds - self.elapsed()

    def on_signal(self, *_):
        """The first asks those at hand for what they have, the second does not wait.
        Only a note: whatever it comes between is done to its end."""
        self.abandoned = self.stopping
        self.stopping = True

    def run(self):
        for target, tally in self.tallies.items():
            tally.before = tally.after = self.corpora.size(target.name)
        while True:
            while not self.stopping and len(self.running) < self.choices.jobs:
                if self._left:
                    self._take_up(*self._left.pop())
                    continue
                target = self._next_target()
                if target is None:
                    break
                self._start(target)
            if not self.running:
                return
            self._end_what_is_to_end()
            self.wait_and_look()

    def _end_what_is_to_end(self):
        if self.stopping and not self._said_so:
            self._said_so = True
            self.status.say("interrupted; the targets at hand end with what they have")
            self.interrupt()
        if self.abandoned:
            for running in self.running:
                running.process.kill("abandoned")

    def _left_deaths(self):
        """(target, folder of its turn) of those that a killed campaign has not settled."""
        left = []
        for target in self.targets:
            for folder in self.scratch.glob(f"{target.name}.*"):
                if turn.dead_input(folder):
                    left.append((target, folder))
                else:
                    shutil.rmtree(folder, ignore_errors=True)
        return left

    def _take_up(self, target, folder):
        steps = turn.take_up(
            target, folder, self.choices.shrink_seconds, self.findings.settled, lambda: self.stopping
        )
        self._begin(Running(target, folder, None, steps))

    def rate(self):
        return sum(turn.status_of(running.folder)[3] for running in self.running)

    def _next_target(self):
        at_hand = collections.Counter()
        for running in self.running:
            at_hand[running.target] += time.monotonic() - running.began
        if self.left() < 1:
            return None
        free = [t for t in self.targets if not self.tallies[t].over()]
        # Another turn of one that has one only if all have.
        idle = [t for t in free if t not in at_hand] or free
        return min(idle, key=lambda t: self.tallies[t].seconds + at_hand[t], default=None)

    def _start(self, target):
        self._turns[target] += 1
        # The process's number, because of what an earlier campaign may have left.
        folder = self.scratch / f"{target.name}.{os.getpid()}.{self._turns[target]}"
        folder.mkdir()
        new = self.corpora.new(target.name)
        steps = turn.take(
            target,
            folder,
            new,
            self.corpora.of(target.name),
            min(self.slice_seconds, self.left()),
            self.choices.seed and self.choices.seed + self._turns[target] - 1,
            self.choices.shrink_seconds,
            self.findings.settled,
            lambda: self.stopping,
            self._keep_at_once,
        )
        self._begin(Running(target, folder, new, steps))

    def _begin(self, running):
        self.running.append(running)
        self._step(running, None)

    def _step(self, running, end):
        """Sends how a command ended, and begins the next one."""
        try:
            command = running.steps.send(end)
        except StopIteration as over:
            self.running.remove(running)
            self._settle(running, over.value)
            return
        words = [str(word) for word in command.words]
        try:
            running.process = attempt.Attempt(
                words, running.folder, command.limit_seconds, self.memory_kib, {}, command.prefix
            )
        except OSError as error:
            self.running.remove(running)
            came = turn.Came(running.target, failure=f"cannot run {words[0]}: {error.strerror}")
            self._settle(running, came)
            return
        if self.stopping:
            running.process.ask_to_end()

    def _look(self):
        for running in list(self.running):
            end = running.process.poll()
            if end is not None:
                self._step(running, end)
        self.status.show(self)

    def _settle(self, running, came):
        tally = self.tallies[running.target]
        added = self.corpora.take_in(running.target.name, running.new) if running.new else 0
        tally.turns += 1
        tally.seconds += came.seconds
        tally.executions += came.executions
        tally.cov, tally.features = max(tally.cov, came.cov), max(tally.features, came.features)
        tally.after += added
        tally.failures_in_a_row = tally.failures_in_a_row + 1 if came.failure else 0
        if came.failure and not self.abandoned:
            tally.failures += 1
            tally.failure = came.failure
        self.status.turn(self, came, added, self._keep(came, tally) if came.death else "")
        # What could not be settled because nothing could be run is left to a later one.
        if came.death or not turn.dead_input(running.folder):
            shutil.rmtree(running.folder, ignore_errors=True)

    def _facts(self):
        return {
            "found_after_s": round(self.elapsed(), 3),
            "executions": sum(t.executions for t in self.tallies.values()),
        }

    def _keep_at_once(self, came):
        """Before it is repeated and made smaller, which takes a while: a campaign that
        is killed meanwhile leaves a finding, too."""
        self.findings.write(came, self._facts())

    def _keep(self, came, tally):
        """What to say of a death."""
        tally.deaths += 1
        signature = came.death.signature()
        said = f"{came.death.verdict}: {came.death.what}"
        again = self.findings.settled(signature)
        if not again:
            self.findings.write(came, self._facts())
            if not self.abandoned:
                self.findings.tell(came)
        self.findings.see(came)
        tally.findings.add(signature)
        folder = self.findings.folder(signature)
        return f"again {said} ({folder.name})" if again else f"FOUND {said}; {folder}"

    def minimise(self):
        """Each corpus as small as its coverage allows; one that cannot be merged
        stays as it has grown."""
        for target in self.targets:
            if self.stopping:
                return
            tally = self.tallies[target]
            self.status.say(f"minimising {target.name}, {tally.after} inputs")
            why = self._minimise(target)
            tally.after = self.corpora.size(target.name)
            if why:
                tally.failure = tally.failure or f"its corpus could not be minimised: {why}"

    def _minimise(self, target):
        """Why not."""
        scratch = self.scratch / f"{target.name}.merge"
        try:
            return minimise.minimise(target, self.corpora, scratch, self.memory_kib, lambda: self.stopping)
        except OSError as error:
            return f"{error.filename}: {error.strerror}"


def outcome_of(campaign, tally):
    if tally.findings:
        return "finding"
    if tally.failure or not (tally.executions or campaign.stopping):
        return "failed"
    return "interrupted" if campaign.stopping else "clean"


def error_of(tally):
    """Why what was asked for has not been done; "" where it has."""
    nothing = "it executed nothing" if tally.turns else "no time was left for it"
    return tally.failure or ("" if tally.executions else nothing)


def results(campaign):
    """For results.jsonl: a line a target."""
    lines = []
    for target, tally in campaign.tallies.items():
        verdicts = [campaign.findings.met[s] for s in sorted(tally.findings)]
        outcome = outcome_of(campaign, tally)
        lines.append(
            {
                "schema": "reveille-fuzz/1",
                "target": target.name,
                "preset": target.preset,
                "outcome": outcome,
                "error": error_of(tally) if outcome == "failed" else tally.failure,
                "seconds": round(tally.seconds, 3),
                "executions": tally.executions,
                "edges": tally.cov,
                "features": tally.features,
                "corpus": {"before": tally.before, "after": tally.after},
                "deaths": tally.deaths,
                "verdicts": verdicts,
            }
        )
    return lines


def write_results(campaign, folder, about):
    lines = results(campaign)
    text = "".join(store.json.dumps(line, sort_keys=True) + "\n" for line in lines)
    store.write_text(folder / "results.jsonl", text)
    store.write_json(folder / "campaign.json", about)
    return lines
