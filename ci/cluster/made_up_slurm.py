"""A Slurm that is made up, for tests: sbatch does what it is given at once and on this
machine, the tasks of an array in any order, and notes what it was asked for in
$SBATCH_CALLS. No other job may be running when one begins, so a dependency only has to
name jobs that have been."""

import json
import os

SBATCH = r"""#!/usr/bin/env -S python3 -I -S
import json, os, pathlib, subprocess, sys

notes = pathlib.Path(os.environ["SBATCH_CALLS"])
jobs = notes.read_text().splitlines() if notes.exists() else []
number = str(100 + len(jobs))
given = dict(word[2:].split("=", 1) for word in sys.argv[1:-1] if "=" in word)
after = [job for job in given.get("dependency", "").removeprefix("afterany:").split(":") if job]
if any(int(job) >= int(number) for job in after):
    sys.exit(f"no job {after}")
with open(notes, "a") as file:
    file.write(json.dumps({"job": number, "after": after, "name": given["job-name"], "array": given.get("array")}) + "\n")
tasks = range(int(given["array"].split("-")[1]) + 1) if "array" in given else [None]
# The last first: a cluster keeps no order.
for task in reversed(tasks):
    environment = os.environ | {"SLURM_JOB_ID": number, "SLURMD_NODENAME": f"n{len(jobs)}"}
    if task is not None:
        environment["SLURM_ARRAY_TASK_ID"] = str(task)
    subprocess.run(["/bin/sh", sys.argv[-1]], env=environment, cwd=given["chdir"], stdout=subprocess.DEVNULL,
                   stderr=open(notes.with_suffix(".log"), "a"))
print(number)
"""
SILENT = "#!/bin/sh\nexit 0\n"


def install(folder):
    """The environment of whoever is to meet it."""
    place = folder / "slurm"
    place.mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SILENT), ("scancel", SILENT)):
        (place / name).write_text(text)
        (place / name).chmod(0o755)
    return {"PATH": f"{place}:{os.environ['PATH']}", "SBATCH_CALLS": str(folder / "sbatch-calls")}


def calls(folder):
    """What sbatch was asked for: {job, after, name, array} of each."""
    return [json.loads(line) for line in (folder / "sbatch-calls").read_text().splitlines()]


def growth(folder, units):
    """[(target, inputs before, inputs added)] of a campaign's fuzz units; None of others."""
    runs = []
    for number in range(units):
        (line,) = (folder / f"units/{number:04d}/results.jsonl").read_text().splitlines()
        run = json.loads(line)
        corpus = run.get("corpus")
        runs.append((run["target"], corpus["before"], corpus["added"]) if corpus else None)
    return runs


def handed_on(runs, epochs):
    """Whether each unit began with all that the epochs before its own had found of its
    target, and with nothing of its own epoch."""
    for i, run in enumerate(runs):
        epoch = next(epoch for epoch in epochs if i in epoch)
        earlier = [r for r in runs[: epoch.start] if r and run and r[0] == run[0]]
        if run and run[1] != sum(added for _, _, added in earlier):
            return False
    return all(run is None or run[2] > 0 for run in runs)
