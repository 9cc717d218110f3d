"""Engine `local`: the same unit command that a cluster's tasks run, a few at a
time on this machine."""

import os
import subprocess
import sys
import time

import campaign as campaigns

LOOK_EVERY_SECONDS = 0.05
# One after the other without a single success: it cannot work here.
FAILURES_IN_A_ROW = 5


class Local:
    def __init__(self, campaign, jobs, progress):
        self.campaign = campaign
        self.jobs = jobs or max(1, len(os.sched_getaffinity(0)) // 2)
        self.progress = progress
        self.running = {}
        self.stopping = False
        self.failed = 0

    def run(self, numbers):
        """Runs them; returns when all have ended or it was interrupted."""
        waiting = list(numbers)
        try:
            while self.running or (waiting and not self._gives_up()):
                while waiting and len(self.running) < self.jobs and not self._gives_up():
                    self._start(waiting.pop(0))
                time.sleep(LOOK_EVERY_SECONDS)
                self._look()
        except KeyboardInterrupt:
            self._stop()
            raise

    def _gives_up(self):
        return self.failed >= FAILURES_IN_A_ROW

    def _start(self, number):
        words = [sys.executable, "-B", str(campaigns.HERE), "unit", str(self.campaign.folder), str(number)]
        self.running[number] = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)

    def _look(self):
        for number, child in list(self.running.items()):
            status = child.poll()
            if status is None:
                continue
            del self.running[number]
            self.failed = 0 if self.campaign.is_done(number) else self.failed + 1
            self.progress(number, status)

    def _stop(self):
        for child in self.running.values():
            child.terminate()
        for child in self.running.values():
            child.wait()
        self.running = {}
