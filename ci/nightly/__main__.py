"""ci/run nightly, once everything is built; options.py has the usage."""

import datetime
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPORT = HERE.parent / "report"
sys.path += [str(REPORT), str(HERE.parent / "fuzz")]

import corpora  # of ci/fuzz
import drivers
import facts
import fuzz_lens
import history
import inputs
import kinds
import lens_canaries
import machine
import night as nights
import options
import progress
import scores
import store as stores
import tally  # of ci/report

USAGE, FAILED = 2, 3


def say(what):
    print(f"nightly: {what}", file=sys.stderr)


def fail(what, status=FAILED):
    say(what)
    sys.exit(status)


def choose_filter(choices, scenarios):
    try:
        return options.Filter(choices.only, choices.skip, scenarios)
    except ValueError as error:
        fail(error, USAGE)


def read_builds(path):
    """[{name, preset, target, began, ended, status}] that ci/run noted."""
    builds = []
    for line in pathlib.Path(path).read_text().splitlines() if path else []:
        preset, target, began, ended, status = line.split("\t")
        builds.append(
            {
                "preset": preset,
                "target": target,
                "began": float(began),
                "ended": float(ended),
                "status": int(status),
            }
        )
    return builds


def not_run(choices, chosen, why_not, targets_left_out):
    """What this night does not look at at all, and why."""
    listed = [{"what": f"lens {lens}", "why": why} for lens, why in why_not.items()]
    listed += targets_left_out
    left_out = [name for name in chosen.all_scenarios if name not in chosen.scenarios]
    if left_out:
        listed.append({"what": "scenarios " + ", ".join(left_out), "why": "--only, --skip"})
    if choices.only or choices.skip:
        listed += [
            {"what": f"{kind} units", "why": "--only, --skip"}
            for kind in nights.plan.KINDS
            if not any(chosen.wants(v) for v in nights.plan.SWEEP if v.kind == kind)
        ]
    return listed


def check_names(choices):
    wrong = drivers.check_names(choices)
    if wrong:
        fail(wrong, USAGE)


def new_night(choices):
    check_names(choices)
    scenarios = drivers.listed(choices.build_root, "scenarios")
    chosen = choose_filter(choices, scenarios)
    builds = read_builds(choices.builds)
    failed = {(b["preset"], b["target"]) for b in builds if b["status"]}
    lenses, why_not = drivers.usable(choices, failed)
    # Asked for by name and not to be had: no such night is clean.
    failed_builds = {f"{preset} {target}" for preset, target in failed}
    failed_builds |= {lens for lens in why_not if options.asks_for(choices, lens)}
    names, left_out = fuzz_lens.usable(choices, failed) if "fuzz" in lenses else ([], [])
    if choices.seed is None:
        choices.seed = secrets.randbelow(1 << 48)
    kept = ("minutes", "seed", "only", "skip", "jobs", "units", "pool", "mutant", "strict", "build_root")
    kept += ("fuzz_folder",)
    return {
        "schema": "reveille-night/1",
        "options": {name: getattr(choices, name) for name in kept},
        "out": str(choices.out),
        "scenarios": chosen.scenarios,
        "all_scenarios": scenarios,
        "lenses": lenses,
        "bugs": drivers.bugs(choices.build_root) if "score" in lenses else [],
        "targets": names,
        "not_run": not_run(choices, chosen, why_not, left_out),
        "builds": builds,
        "failed_builds": sorted(failed_builds),
        "machine": machine.describe(kinds.driver(choices.build_root, "none")),
        "began": datetime.datetime.now(datetime.timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "seconds_run": 0,
        "interrupted": False,
    }


def continue_night(choices, record):
    """An earlier night's own options count, or its units would be others."""
    for name, value in record["options"].items():
        setattr(choices, name, value)
    record["resumed"] = record.get("resumed", 0) + 1
    record["interrupted"] = False
    return record


def open_night(choices, store):
    if not choices.resume:
        record = new_night(choices)
        store.open_new()
        return record
    record = store.night()
    if not record:
        fail(f"--resume: no night in {choices.out}", USAGE)
    store.open_again()
    return continue_night(choices, record)


def plan_of(record):
    chosen = options.Filter(record["options"]["only"], record["options"]["skip"], record["all_scenarios"])
    return nights.make_plan(record, chosen.wants)


def tell_blind(canaries, shown):
    """{lens: why it is not looked through at all}"""
    blind = {lens: f"the lens {lens} cannot see: {why}" for lens, why in canaries.items() if why}
    for why in blind.values():
        shown.line(f"nightly: {why}")
    return blind


def run_units(choices, record, store, plan, fuzzed):
    """The night with its interruptions; None when there is nothing to run."""
    record["planned"] = min(plan.planned, choices.units or plan.planned)
    record["unit_seconds"] = plan.seconds
    store.write_night(record)
    if not plan.sweep_length:
        say("--only and --skip, or what is built, leave nothing to run")
        return None
    shown = progress.Progress(record["planned"])
    left_to_do = len(set(range(record["planned"])) - set(store.done()))
    shown.line(
        f"{left_to_do} units planned, {choices.jobs} at a time; root seed "
        f"{record['options']['seed']}; results in {choices.out}"
    )
    for item in record["not_run"]:
        shown.line(f"not run: {item['what']}: {item['why']}")
    record["canaries"] = lens_canaries.answers(choices, [variant.lens for variant in plan.variants])
    night = nights.Night(choices, plan, store, shown, fuzzed, tell_blind(record["canaries"], shown))
    try:
        night.run()
    except KeyboardInterrupt:
        record["interrupted"] = True
        shown.line("nightly: interrupted; the units at hand end with what they have")
        night.interrupt()
        drain(night)
    except stores.Unwritable:
        night.abandon()
        raise
    record["gave_up"] = "; ".join(night.given_up.values())
    record["missing"] = night.missing()
    if fuzzed:
        record["minimised"] = record.get("minimised", []) + fuzzed.growing.done
    return night


def drain(night):
    try:
        night.drain()
    except KeyboardInterrupt:
        night.abandon()
    except stores.Unwritable:
        night.abandon()
        raise


def results(store):
    done = store.done()
    return [(done[n], kinds.records(store.units / f"{n:04d}")) for n in sorted(done)]


def remember(choices, record, units, store, memory):
    """The states of all signatures; what the page has to know of other nights."""
    if memory is None:
        return {}
    try:
        score = stores.read_json(store.folder / "score.json")
        memory.add(facts.facts(record, units, score))
    except history.Unusable as error:
        say(f"{error}; this night's signatures count as new")
        record["history_failed"] = str(error)
        return {}
    account = memory.account(facts.target_of(record))
    store_account = account | {"states": facts.states(account)}
    stores.write_json(store.folder / "history.json", store_account)
    record["lost"] = account["lost"]
    for line in account["lost"]:
        say(f"planted, and found no more: {line}")
    return store_account["states"]


def take_over_coverage(choices, store):
    """What `ci/run fuzz --coverage` said last, for the page."""
    about = stores.read_json(choices.line_coverage)
    if about is not None:
        stores.write_json(store.folder / "coverage.json", about)


def finish(choices, record, store, memory, began):
    record["seconds_run"] = round(record["seconds_run"] + time.time() - began, 1)
    units = results(store)
    scores.write(store.folder)
    take_over_coverage(choices, store)
    states = remember(choices, record, units, store, memory)
    searched = any(tally.amount(r) for _, rs in units for r in rs)
    status = facts.exit_status(units, states, choices.strict, searched, record.get("lost", ()))
    if status == 0 and (record["gave_up"] or record["failed_builds"] or record.get("history_failed")):
        status = FAILED
    record["status"] = status
    store.write_night(record)
    told = subprocess.run([sys.executable, "-BS", REPORT, "--say", store.folder])
    if told.returncode != 0:
        say(f"the report failed; its raw results are whole: ci/run report {store.folder}")
        status = status or FAILED
    return status


def catch_signals():
    # Also where a shell started this with interrupts ignored, as it does with &.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def chosen_targets(choices, record):
    others, _ = fuzz_lens.found(choices)
    return [target for target in others if target.name in record["targets"]]


def open_inputs(choices, record, plan):
    """Of a night that has fuzz units; None of others."""
    if not any(variant.kind == "fuzz" for variant in plan.variants):
        return None
    fuzzed = inputs.Inputs(choices.out, choices.history)
    memory_kib = machine.memory_kib() * 0.8 / choices.jobs
    fuzzed.open(chosen_targets(choices, record), choices.least_corpus, memory_kib)
    return fuzzed


def hand_on(choices, record, fuzzed):
    """The corpora to the next night; to be interrupted does not hurt them."""
    if fuzzed is None or not choices.history:
        return
    # Whoever is in a hurry hands them on as they have grown.
    chosen = [] if record["interrupted"] else chosen_targets(choices, record)
    try:
        record["handed_on"] = fuzzed.hand_on(chosen, machine.memory_kib() * 0.8)
    except (corpora.Busy, stores.Unwritable) as error:
        record["history_failed"] = f"{error}; this night's corpora stay in {choices.out}"
        say(record["history_failed"])
    except KeyboardInterrupt:
        record["interrupted"] = True


def hold(choices):
    memory = history.History(choices.history) if choices.history else None
    store = stores.Store(choices.out)
    record = open_night(choices, store)
    choices.threads_of_unit = max(1, len(os.sched_getaffinity(0)) // choices.jobs)
    began = time.time()
    plan = plan_of(record)
    fuzzed = open_inputs(choices, record, plan)
    if run_units(choices, record, store, plan, fuzzed) is None:
        return USAGE
    hand_on(choices, record, fuzzed)
    return finish(choices, record, store, memory, began)


def main():
    choices = options.parse(sys.argv[1:])
    if choices.jobs is None:
        choices.jobs = max(1, len(os.sched_getaffinity(0)) // 2)
    if choices.parse_only:
        return 0
    if choices.list_presets:
        print(*drivers.presets_to_configure(choices), sep="\n")
        return 0
    if choices.list_builds:
        check_names(choices)
        chosen = choose_filter(choices, drivers.listed(choices.build_root, "scenarios"))
        for preset, target in drivers.builds(choices, chosen.wants):
            print(preset, target)
        return 0
    catch_signals()
    try:
        return hold(choices)
    except corpora.Busy as error:
        fail(error, USAGE)
    except (drivers.Missing, history.Unusable) as error:
        fail(error)
    except stores.Unwritable as error:
        fail(f"{error}; what had ended is whole, and --resume goes on from it")
    except KeyboardInterrupt:
        fail("interrupted before anything ran")


sys.exit(main())
