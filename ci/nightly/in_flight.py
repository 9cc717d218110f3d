"""What a loop without threads has in flight, and how it is ended: the night's units,
and the turns of a fuzzing campaign."""

import time

LOOK_EVERY_SECONDS = 0.02


class InFlight:
    """Whoever inherits it has _look(), which settles what has ended. What it runs
    has a `process` (attempt.Attempt)."""

    def __init__(self):
        self.running = []
        self.stopping = False

    def wait_and_look(self):
        time.sleep(LOOK_EVERY_SECONDS)
        self._look()

    def interrupt(self):
        """Those at hand are asked for what they have; no more are begun."""
        self.stopping = True
        for running in self.running:
            running.process.ask_to_end()

    def drain(self):
        while self.running:
            self.wait_and_look()

    def abandon(self):
        """At once, and nothing of it is settled."""
        for running in self.running:
            running.process.kill("abandoned")
            while running.process.poll() is None:
                time.sleep(LOOK_EVERY_SECONDS)
        self.running = []
