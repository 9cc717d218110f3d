"""Engine `slurm`: job arrays over units, a merge per epoch by dependency.

A line of engine/tasks-*.txt is a task: the units that it runs, one after the
other. So a task may have several units, what is missing need not be a range,
and an array is never longer than the cluster allows.
"""

import pathlib
import shlex
import subprocess
import sys

import campaign as campaigns
import store as stores

# Slurm's own limit (MaxArraySize) is 1001 unless somebody has raised it.
TASKS_PER_ARRAY = 1000
# From a task's time limit on it is the driver that hangs, not the unit.
SLACK_MINUTES = 10


def sbatch(*words):
    """The job's number."""
    try:
        said = subprocess.run(["sbatch", "--parsable", *words], capture_output=True, text=True)
    except FileNotFoundError:
        raise campaigns.Unusable("no sbatch here; is this a machine of a Slurm cluster?") from None
    if said.returncode != 0:
        raise campaigns.Unusable(f"sbatch: {said.stderr.strip() or said.stdout.strip()}")
    return said.stdout.strip().split(";")[0]


def command(*words):
    return shlex.join([sys.executable, "-B", str(campaigns.HERE), *map(str, words)])


class Slurm:
    def __init__(self, campaign, units_per_task, partition):
        self.campaign = campaign
        self.units_per_task = units_per_task
        self.folder = campaign.folder / "engine"
        self.where = [f"--partition={partition}"] if partition else []

    def submit(self, numbers):
        """Submits those units, epoch by epoch; the numbers of all jobs."""
        cancel(self.campaign.folder)
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise stores.Unwritable(self.folder, error) from error
        jobs, merge = [], None
        wanted = set(numbers)
        for epoch in self.campaign.epochs():
            of_epoch = [number for number in epoch if number in wanted]
            if not of_epoch:
                continue
            arrays = self._arrays(of_epoch, merge)
            merge = self._merge(arrays)
            jobs += [*arrays, merge]
        self._note(jobs)
        return jobs

    def _arrays(self, numbers, after):
        tasks = [numbers[i : i + self.units_per_task] for i in range(0, len(numbers), self.units_per_task)]
        chunks = [tasks[i : i + TASKS_PER_ARRAY] for i in range(0, len(tasks), TASKS_PER_ARRAY)]
        return [self._array(chunk, after) for chunk in chunks]

    def _array(self, tasks, after):
        listed = self._fresh("tasks", ".txt")
        stores.write_text(listed, "".join(" ".join(map(str, task)) + "\n" for task in tasks))
        script = listed.with_suffix(".sh")
        unit = command("unit", self.campaign.folder)
        # exec: a signal to the job is one to the worker.
        line = f"$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" {shlex.quote(str(listed))})"
        stores.write_text(script, f"#!/bin/sh\nexec {unit} {line}\n")
        return sbatch(
            *self._common("units"),
            f"--array=0-{len(tasks) - 1}",
            "--requeue",
            "--open-mode=append",
            f"--time={self._minutes()}",
            f"--output={self.folder}/%A_%a.log",
            *([f"--dependency=afterany:{after}"] if after else []),
            str(script),
        )

    def _merge(self, arrays):
        script = self._fresh("merge", ".sh")
        stores.write_text(script, f"#!/bin/sh\nexec {command('merge', self.campaign.folder)}\n")
        return sbatch(
            *self._common("merge"),
            "--requeue",
            f"--output={self.folder}/merge-%j.log",
            f"--dependency=afterany:{':'.join(arrays)}",
            str(script),
        )

    def _common(self, what):
        return [*self.where, f"--job-name=reveille-{what}", f"--chdir={campaigns.ROOT}", "--ntasks=1"]

    def _minutes(self):
        # A fuzz target's unit has twice the time, and as much again to shrink.
        seconds = self.units_per_task * 4 * self.campaign.record["options"]["unit_seconds"]
        return seconds // 60 + SLACK_MINUTES

    def _fresh(self, name, suffix):
        count = len(list(self.folder.glob(f"{name}-*{suffix}")))
        return self.folder / f"{name}-{count:03d}{suffix}"

    def _note(self, jobs):
        path = self.folder / "jobs.json"
        earlier = stores.read_json(path) or []
        stores.write_json(path, earlier + jobs)


def noted_jobs(folder):
    return stores.read_json(pathlib.Path(folder) / "engine" / "jobs.json") or []


def queued(folder):
    """(tasks that wait or run, those of them that Slurm holds back) of the
    campaign's jobs; None: not to be learnt here."""
    jobs = noted_jobs(folder)
    if not jobs:
        return 0, 0
    words = ["squeue", "--noheader", "--array", "--format=%i %r", f"--jobs={','.join(jobs)}"]
    try:
        said = subprocess.run(words, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    # Jobs that Slurm has forgotten are an error to it, and gone for us.
    if said.returncode != 0 and "Invalid job id" not in said.stderr:
        return None
    lines = said.stdout.splitlines()
    return len(lines), sum("held" in line for line in lines)


def cancel(folder):
    """All that Slurm still has of the campaign, also what it only believes to
    run: a controller that was killed may not know that a task has ended."""
    jobs = noted_jobs(folder)
    if jobs:
        subprocess.run(["scancel", *jobs], capture_output=True)
