"""The campaign itself: one loop that gives the targets their turns, the one with
the least time first, and settles what came of them. It has no threads."""

import collections
import shutil
import tempfile
import pathlib
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
        self.deaths = self.failures = self.failures_in_a_row = 0
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
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=".scratch-", dir=choices.out))
        self.memory_kib = machine.memory_kib() * 0.8 / choices.jobs
        self.seconds = 60 * choices.minutes
        self.slice_seconds = choices.slice_seconds or self._slice_seconds()
        self.began = time.monotonic()
        self._turns = collections.Counter()

    def _slice_seconds(self):
        each = self.seconds * self.choices.jobs / len(self.targets)
        return min(each, max(2, min(LONGEST_TURN_SECONDS, each / TURNS_EACH)))

    def elapsed(self):
        return time.monotonic() - self.began

    def left(self):
        return self.seconds - self.elapsed()

    def run(self):
        for target, tally in self.tallies.items():
            tally.before = tally.after = self.corpora.size(target.name)
        while True:
            while not self.stopping and len(self.running) < self.choices.jobs:
                target = self._next_target()
                if target is None:
                    break
                self._start(target)
            if not self.running:
                return
            self.wait_and_look()

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

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
        folder = self.scratch / f"{target.name}.{self._turns[target]}"
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
            self.findings.known,
            lambda: self.stopping,
        )
        running = Running(target, folder, new, steps)
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
        added = self.corpora.take_in(running.target.name, running.new)
        tally.seconds += came.seconds
        tally.executions += came.executions
        tally.cov, tally.features = max(tally.cov, came.cov), max(tally.features, came.features)
        tally.after += added
        tally.failures_in_a_row = tally.failures_in_a_row + 1 if came.failure else 0
        if came.failure:
            tally.failures += 1
            tally.failure = came.failure
        self.status.turn(self, came, added, self._keep(came, tally) if came.death else "")
        shutil.rmtree(running.folder, ignore_errors=True)

    def _keep(self, came, tally):
        """What to say of a death."""
        tally.deaths += 1
        signature = came.death.signature()
        tally.findings.add(signature)
        said = f"{came.death.verdict}: {came.death.what}"
        if self.findings.known(signature):
            self.findings.see_again(signature, came.target)
            return f"again {said} (finding-{signature})"
        facts = {
            "found_after_s": round(self.elapsed(), 3),
            "executions": sum(t.executions for t in self.tallies.values()),
        }
        folder = self.findings.write(
            came.death, came.target, came.input, came.shrunk, came.log, came.repeats, facts
        )
        return f"FOUND {said}; {folder}"

    def minimise(self):
        """Each corpus as small as its coverage allows; one that cannot be merged
        stays as it has grown."""
        for target in self.targets:
            tally = self.tallies[target]
            self.status.say(f"minimising {target.name}, {tally.after} inputs")
            scratch = self.scratch / f"{target.name}.merge"
            whole = minimise.minimise(target, self.corpora, scratch, self.memory_kib)
            tally.after = self.corpora.size(target.name)
            if not whole:
                tally.failure = tally.failure or "its corpus could not be minimised"


def results(campaign):
    """For results.jsonl: a line a target."""
    lines = []
    for target, tally in campaign.tallies.items():
        verdicts = [campaign.findings.met[s] for s in sorted(tally.findings)]
        outcome = "finding" if verdicts else "failed" if tally.failure and not tally.executions else "clean"
        if campaign.stopping and outcome == "clean":
            outcome = "interrupted"
        lines.append(
            {
                "schema": "reveille-fuzz/1",
                "target": target.name,
                "preset": target.preset,
                "outcome": outcome,
                "error": tally.failure,
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
