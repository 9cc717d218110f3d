"""ci/campaign; command_line.py has the usage."""

import collections
import datetime
import pathlib
import secrets
import signal
import subprocess
import sys
import time

import campaign as campaigns
import command_line
import drivers
import fold
import fuzz_lens
import handed_on
import kinds
import lens_canaries
import local
import machine
import options as night_options
import slurm
import store as stores
import worker

USAGE, FAILED = 2, 3
REPORT = campaigns.HERE.parent / "report"


def say(what):
    print(f"campaign: {what}", file=sys.stderr)


def fail(what, status=FAILED):
    say(what)
    sys.exit(status)


def new_record(choices):
    choices.build_root = str(pathlib.Path(choices.build_root).resolve())
    wrong = drivers.check_names(choices)
    if wrong:
        fail(wrong, USAGE)
    scenarios = drivers.listed(choices.build_root, "scenarios")
    try:
        chosen = night_options.Filter(choices.only, choices.skip, scenarios)
    except ValueError as error:
        fail(error, USAGE)
    if choices.seed is None:
        choices.seed = secrets.randbelow(1 << 48)
    kept = ("units", "unit_seconds", "unit_schedules", "epochs", "seed", "only", "skip", "pool", "mutant")
    record = {
        "schema": campaigns.SCHEMA,
        "options": {name: getattr(choices, name) for name in kept},
        "scenarios": chosen.scenarios,
        "all_scenarios": scenarios,
        "lenses": choices.lenses,
        "build_root": choices.build_root,
        "machine": machine.describe(kinds.driver(choices.build_root, "none")),
        "began": datetime.datetime.now(datetime.timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
    }
    record |= fuzz_of(choices, record)
    campaigns.plan_of(record)
    for lens, why in lens_canaries.answers(campaigns.choices_of(record), choices.lenses).items():
        if why:
            fail(f"the lens {lens} cannot see: {why}")
    record["programs"] = {path: campaigns.digest(path) for path in campaigns.programs(record)}
    return record


def fuzz_of(choices, record):
    """Which targets have units, and what of them is left out."""
    record["fuzz_folder"] = str(pathlib.Path(choices.fuzz_folder).resolve())
    if "fuzz" not in choices.lenses:
        return {"targets": [], "not_run": []}
    known = campaigns.choices_of(record)
    why = fuzz_lens.why_unusable(known, ())
    if why:
        fail(f"--lenses=fuzz: {why}", USAGE)
    names, left_out = fuzz_lens.usable(known, ())
    return {"targets": names, "not_run": left_out}


def submit(choices):
    folder = pathlib.Path(choices.out)
    if (folder / "campaign.json").exists():
        fail(f"{folder} has a campaign already; ci/campaign resume {folder} goes on with it", USAGE)
    record = new_record(choices)
    try:
        (folder / "units").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise stores.Unwritable(folder, error) from error
    stores.write_json(folder / "campaign.json", record)
    asked = record["options"]
    say(f"{asked['units']} units; root seed {asked['seed']}; results in {folder}")
    return go_on(choices, campaigns.Campaign(folder))


def resume(choices):
    the_campaign = campaigns.Campaign(choices.folder)
    campaigns.check_programs(the_campaign.record)
    return go_on(choices, the_campaign)


def go_on(choices, the_campaign):
    missing = the_campaign.missing()
    if choices.engine == "none":
        say(f"{len(missing)} units for others: ci/campaign unit {the_campaign.folder} NUMBER, then merge")
        return 0
    if choices.engine == "slurm" and missing:
        jobs = slurm.Slurm(the_campaign, choices.units_per_task, choices.partition).submit(missing)
        say(f"{len(missing)} units are with Slurm, jobs {' '.join(jobs)}")
        return 0
    if not missing:
        slurm.cancel(the_campaign.folder)
        say("nothing is missing")
    return run_here(choices, the_campaign, missing)


def run_here(choices, the_campaign, missing):
    began = time.monotonic()

    def progress(number, status):
        left = len(the_campaign.missing())
        unit = the_campaign.unit(number)
        word = "done" if the_campaign.is_done(number) else f"not done (exit {status})"
        took = time.monotonic() - began
        print(f"[{took:6.0f} s, {left} left] unit {number}: {unit.title()}: {word}", flush=True)

    engine = local.Local(the_campaign, choices.jobs, progress)
    wanted = set(missing)
    try:
        for epoch in the_campaign.epochs():
            engine.run([number for number in epoch if number in wanted])
            if len(the_campaign.epochs()) > 1:
                write_merged(the_campaign)
    except KeyboardInterrupt:
        say(f"interrupted; ci/campaign resume {the_campaign.folder} goes on")
    return merge(the_campaign)


def write_merged(the_campaign):
    units = fold.units_in(the_campaign.folder)
    disagreements = fold.disagreements_in(the_campaign.folder)
    result = fold.merged(the_campaign.record, units, disagreements)
    stores.write_json(the_campaign.folder / "merged.json", result)
    handed_on.hand_on(the_campaign.folder)
    return result


def merge(the_campaign):
    """merged.json, and the page that a night has."""
    result = write_merged(the_campaign)
    status = fold.exit_status(result)
    stores.write_json(the_campaign.folder / "night.json", night_of(the_campaign, result, status))
    told = subprocess.run([sys.executable, "-BS", str(REPORT), "--say", str(the_campaign.folder)])
    if told.returncode != 0:
        say(f"the report failed; its raw results are whole: ci/run report {the_campaign.folder}")
        return status or FAILED
    return status


def night_of(the_campaign, result, status):
    """As a night would have noted it, for the report."""
    record = the_campaign.record
    asked = record["options"]
    done = the_campaign.store.done().values()
    ends = [unit["ended"] - unit["began"] for unit in done]
    left_out = [name for name in record["all_scenarios"] if name not in record["scenarios"]]
    not_run = [{"what": "scenarios " + ", ".join(left_out), "why": "--only, --skip"}] if left_out else []
    not_run += record.get("not_run", [])
    return {
        "schema": "reveille-night/1",
        "options": {
            "minutes": round(asked["units"] * asked["unit_seconds"] / 60, 2),
            "jobs": 1,
            "strict": True,
            **{name: asked[name] for name in ("seed", "only", "skip", "units", "pool", "mutant")},
            "build_root": record["build_root"],
        },
        "out": str(the_campaign.folder),
        **{name: record[name] for name in ("scenarios", "all_scenarios", "lenses", "machine", "began")},
        "bugs": [],
        "not_run": not_run,
        "builds": [],
        "failed_builds": [],
        "seconds_run": round(sum(ends), 1),
        "interrupted": bool(result["missing"]),
        "planned": asked["units"],
        "unit_seconds": asked["unit_seconds"],
        "missing": result["missing"],
        "gave_up": "",
        "status": status,
    }


def status_of(the_campaign):
    units = fold.units_in(the_campaign.folder)
    result = fold.merged(the_campaign.record, units, fold.disagreements_in(the_campaign.folder))
    counts = collections.Counter(result["outcomes"])
    outcomes = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"
    print(f"units: {result['done']} of {result['units']} done ({outcomes}), {len(result['missing'])} missing")
    print_queue(slurm.queued(the_campaign.folder), the_campaign.folder)
    lost = worker.lost_attempts(the_campaign.store.units)
    if lost:
        print(f"attempts in flight or lost: {len(lost)}")
    for name, count in sorted(result["totals"].items()):
        print(f"{name}: {count}")
    for signature, bucket in result["findings"].items():
        print(f"finding {signature}: {bucket['verdict']}, {bucket['count']} times in {len(bucket['units'])} units")
    for number in result["disagreements"]:
        print(f"unit {number}: two attempts disagree; see units/{number:04d}/disagreement.json")
    return fold.exit_status(result)


def print_queue(queued, folder):
    if queued is None:
        print("slurm: not to be asked here")
    elif queued[0]:
        tasks, held = queued
        advice = f", {held} are held: ci/campaign resume {folder} --engine=slurm" if held else ""
        print(f"slurm: {tasks} tasks wait or run{advice}")


def run_unit(choices, the_campaign):
    campaigns.check_programs(the_campaign.record)
    doer = worker.Worker(the_campaign)
    for number in choices.numbers:
        if number >= the_campaign.size:
            fail(f"no unit {number}; the campaign has {the_campaign.size}", USAGE)
        try:
            doer.run(number)
        except worker.Interrupted:
            fail(f"unit {number} was interrupted; it is missing")
    return 0


def main():
    choices = command_line.parse(sys.argv[1:])
    if choices.command != "unit":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
    try:
        if choices.command == "submit":
            return submit(choices)
        if choices.command == "resume":
            return resume(choices)
        the_campaign = campaigns.Campaign(choices.folder)
        if choices.command == "status":
            return status_of(the_campaign)
        return merge(the_campaign) if choices.command == "merge" else run_unit(choices, the_campaign)
    except campaigns.Unusable as error:
        fail(error, USAGE)
    except (drivers.Missing, stores.Unwritable) as error:
        fail(error)
    except KeyboardInterrupt:
        fail("interrupted")


sys.exit(main())
