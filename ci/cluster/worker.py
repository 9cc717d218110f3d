"""One unit, wherever it runs: idempotent, so that whoever is not sure whether
it has been done may do it again.

An attempt has a folder that nobody else has; its result becomes the unit by a
rename, and the first one stands. Where the unit's number decides the result, a
second one must agree with it: if not, disagreement.json says so.
"""

import os
import pathlib
import shutil
import signal
import socket
import time

import attempt
import fold
import kinds
import machine
import store as stores

LOOK_EVERY_SECONDS = 0.05


def who():
    """Names the attempt: no other one, on whichever machine, is called so."""
    job = os.environ.get("SLURM_JOB_ID", "")
    node = os.environ.get("SLURMD_NODENAME", socket.gethostname())
    restart = os.environ.get("SLURM_RESTART_COUNT", "0")
    return f"{node}-{job or 'local'}-{restart}-{os.getpid()}-{time.time_ns() % 10**9}"


def words_for(campaign, unit, folder):
    words = kinds.command(unit, unit.seconds, campaign.choices(), folder)
    schedules = campaign.record["options"]["unit_schedules"]
    if schedules is None:
        return words
    return [f"--schedules={schedules}" if w.startswith("--duration=") else w for w in words]


class Interrupted(Exception):
    """The unit is not done; somebody will do it again."""


class Worker:
    def __init__(self, campaign):
        self.campaign = campaign
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_):
        self.asked = True

    def run(self, number):
        """False when somebody else had done it."""
        if self.campaign.is_done(number):
            return False
        name = who()
        folder = self.campaign.store.units / f".{number:04d}.{name}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise stores.Unwritable(folder, error) from error
        unit = self.campaign.unit(number)
        words = words_for(self.campaign, unit, folder)
        end = self._await(self._begin(unit, words, folder))
        if self.asked:
            shutil.rmtree(folder, ignore_errors=True)
            raise Interrupted
        self._settle(unit, words, folder, name, end)
        return True

    def _begin(self, unit, words, folder):
        limit = kinds.limit_seconds(unit, None)
        return attempt.Attempt(words, folder, limit, machine.memory_kib(), kinds.environment(unit))

    def _await(self, process):
        while (end := process.poll()) is None:
            if self.asked:
                process.ask_to_end()
            time.sleep(LOOK_EVERY_SECONDS)
        return end

    def _settle(self, unit, words, folder, name, end):
        said = kinds.records(folder)
        outcome, why = kinds.outcome(end, said, folder, False)
        record = record_of(unit, words, name, end, outcome, why)
        if self.campaign.exact:
            record["digest"] = fold.digest_of(record, said)
        stores.write_json(folder / "unit.json", record)
        target = self.campaign.store.units / f"{unit.number:04d}"
        try:
            os.rename(folder, target)
        except OSError as error:
            if not self.campaign.is_done(unit.number):
                raise stores.Unwritable(target, error) from error
            self._compare(target, record)
            shutil.rmtree(folder, ignore_errors=True)

    def _compare(self, target, record):
        first = stores.read_json(target / "unit.json")
        if self.campaign.exact and first["digest"] != record["digest"]:
            stores.write_json(target / "disagreement.json", record)


def record_of(unit, words, name, end, outcome, why):
    return {
        "schema": "reveille-unit/1",
        **{key: getattr(unit, key) for key in unit.__dataclass_fields__},
        "title": unit.title(),
        "attempt": 1 + int(os.environ.get("SLURM_RESTART_COUNT", "0")),
        "who": name,
        "command": [str(word) for word in words],
        "outcome": outcome,
        "why": why,
        "status": end.status,
        "began": round(end.began, 3),
        "ended": round(end.ended, 3),
        "replays": {},
        "cpu_s": round(end.cpu_s, 3),
        "max_rss_kib": end.max_rss_kib,
    }


def lost_attempts(units):
    """Folders of attempts that never became a unit."""
    return sorted(path.name for path in pathlib.Path(units).glob(".[0-9]*.*"))
