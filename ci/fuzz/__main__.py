"""ci/run fuzz, once everything is built; asked.py has the usage."""

import datetime
import os
import pathlib
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Last, so that a name of ours stands before one of theirs.
sys.path += [str(HERE.parent / "nightly"), str(HERE.parent / "report")]

import asked
import campaign as campaigns
import canary as canaries
import corpora
import coverage
import findings
import machine
import status
import store
import targets

FOUND, USAGE, FAILED = 1, 2, 3


def fail(what, code=FAILED):
    print(f"fuzz: {what}", file=sys.stderr)
    sys.exit(code)


def choose(choices):
    """The targets to run, and the canary."""
    by_name = {t.name: t for t in targets.find(choices.build_root, pathlib.Path(choices.fuzz_folder))}
    canary = by_name.pop(targets.CANARY, None)
    if canary is None:
        fail(f"there is no {targets.CANARY}: nothing would say whether this campaign can see")
    for name in choices.target:
        if name not in by_name:
            fail(f"--target: no target '{name}'; there are: {', '.join(by_name)}", USAGE)
    return [t for n, t in by_name.items() if not choices.target or n in choices.target], canary


def check_built(chosen):
    missing = [target.name for target in chosen if not target.program.exists()]
    if missing:
        fail(f"not built: {', '.join(missing)}")


def describe(choices, chosen, interrupted, seconds):
    return {
        "schema": "reveille-fuzz-campaign/1",
        "ended": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "targets": [target.name for target in chosen],
        "minutes": choices.minutes,
        "jobs": choices.jobs,
        "seconds": round(seconds, 3),
        "interrupted": interrupted,
    }


def run(campaign):
    """What is at hand is settled, also when it is interrupted; what cannot be is left
    to the next campaign."""
    catch_signals(campaign.on_signal)
    try:
        campaign.run()
        campaign.minimise()
    except (OSError, store.Unwritable):
        campaign.abandon()
        raise


def hold(choices, chosen, canary):
    out = pathlib.Path(choices.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise store.Unwritable(out, error) from error
    kept = corpora.Corpora(choices.corpus)
    kept.open()
    shown = status.Status()
    why = canaries.why_not_seen(canary, choices.canary_seconds)
    if why:
        fail(f"this campaign cannot see: {why}")
    shown.say(f"the canary was seen; {len(chosen)} targets for {choices.minutes:g} minutes, {choices.jobs} at a time")
    found = findings.Findings(out, machine.describe())
    campaign = campaigns.Campaign(choices, chosen, kept, found, shown)
    run(campaign)
    about = describe(choices, chosen, campaign.stopping, campaign.elapsed())
    lines = campaigns.write_results(campaign, out, about)
    text = status.summary(lines, campaign.elapsed(), campaign.stopping)
    store.write_text(out / "summary.md", text)
    print(text, end="", flush=True)
    if any(line["verdicts"] for line in lines):
        return FOUND
    return FAILED if any(line["error"] for line in lines) else 0


def print_builds(builds):
    for preset, target in builds:
        print(preset, target)
    return 0


def catch_signals(handler):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def main():
    choices = asked.parse(sys.argv[1:])
    if choices.parse_only:
        return 0
    if choices.list_presets:
        print(*([coverage.PRESET] if choices.coverage else targets.PRESETS), sep="\n")
        return 0
    if choices.coverage:
        return coverage.main(choices)
    chosen, canary = choose(choices)
    if choices.list_builds:
        wanted = [canary, *chosen]
        return print_builds([(target.preset, name) for target in wanted for name in targets.builds(target)])
    check_built([canary, *chosen])
    catch_signals(signal.default_int_handler)
    try:
        return hold(choices, chosen, canary)
    except corpora.Busy as error:
        fail(error, USAGE)
    except store.Unwritable as error:
        fail(f"{error}; what had been found is whole")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}; what had been found is whole")
    except KeyboardInterrupt:
        fail("interrupted before anything ran")


sys.exit(main())
