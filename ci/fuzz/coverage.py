"""ci/run fuzz --coverage: which lines of the product the corpora reach. The replay
executables of a tree that counts execute all inputs; llvm-cov says the rest."""

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys

import machine  # of ci/nightly
import store  # of ci/nightly
import targets
import uncovered

PRESET = "coverage"
PRODUCT = "scheduler/"
NOT_PRODUCT = ("_test.cc", "testing.h", "/bench/", "/consumer_test/")
REASONS = "uncovered.md"
# Its targets read files, and never come to the product.
SURFACES = "surfaces"
# On real threads the same input goes another way now and then.
TIMES = 3
USAGE, FAILED = 2, 3
NO_INPUTS = "no inputs"


class Failed(Exception):
    """The one line to say."""


class Usage(Failed):
    """The same, of what was asked for."""


def tool(name):
    for candidate in (f"{name}-{os.environ.get('CLANG') or 19}", name):
        if shutil.which(candidate):
            return candidate
    raise Failed(f"--coverage needs {name}, which is not installed")


def builds(choices):
    """(preset, target of the build) of all that is to count."""
    path = pathlib.Path(choices.build_root) / PRESET / targets.LIST
    try:
        names = path.read_text().split()
    except OSError:
        raise Failed(f"--coverage needs the preset {PRESET}, which is not configured: no {path}") from None
    surfaces = pathlib.Path(choices.fuzz_folder) / SURFACES
    counted = [n for n in names if n != targets.CANARY and not (surfaces / f"{n}.cc").exists()]
    for name in choices.target:
        if name not in counted:
            raise Usage(f"--target: '{name}' has no part in the coverage; there are: {', '.join(counted)}")
    return [(PRESET, f"{name}_replay") for name in counted if not choices.target or name in choices.target]


def replay(program, name, choices, profile):
    """Why there is no profile; nothing if there is one."""
    folders = [pathlib.Path(choices.corpus) / name, pathlib.Path(choices.fuzz_folder) / "corpus" / name]
    inputs = [str(f) for f in folders if f.is_dir() and any(f.iterdir())]
    if not inputs:
        return f"{name}: {NO_INPUTS}"
    ran = subprocess.run(
        [program, *(inputs * TIMES)],
        env=os.environ | {"LLVM_PROFILE_FILE": str(profile)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if ran.returncode != 0 or not profile.exists():
        return f"{name}: exit {ran.returncode}, {(ran.stderr.strip().splitlines() or ['no profile'])[-1]}"
    return ""


def product_of(lcov):
    """file -> ({line: how often}, lines in which functions begin), of the product."""
    found, here = {}, None
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            path = os.path.relpath(line[3:])
            ours = path.startswith(PRODUCT) and not any(part in path for part in NOT_PRODUCT)
            here = found.setdefault(path, ({}, set())) if ours else None
        elif here is not None and line.startswith("FN:"):
            here[1].add(int(line[3:].split(",")[0]))
        elif here is not None and line.startswith("DA:"):
            number, count = map(int, line[3:].split(",")[:2])
            here[0][number] = max(here[0].get(number, 0), count)
    return found


def account(found, reasons, read_text):
    """What is reached, and of the rest why not."""
    texts = {path: read_text(path) for path in {*found, *(r.path for r in reasons)}}
    missed = []
    for path, (counts, begins) in sorted(found.items()):
        missed += uncovered.stretches(path, counts, begins, texts[path].splitlines())
    return uncovered.explain(missed, reasons, texts)


def read_text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def ranges(numbers):
    """[3, 4, 5, 9] as "3-5, 9"."""
    pieces = []
    for number in sorted(numbers):
        if pieces and pieces[-1][1] == number - 1:
            pieces[-1][1] = number
        else:
            pieces.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in pieces)


def numbers_of(stretches):
    return [number for stretch in stretches for number in stretch.numbers]


def describe(found, explained, failed):
    """coverage.json, which the night's page shows as well."""
    files = {p: {"lines": len(c), "reached": sum(map(bool, c.values()))} for p, (c, _) in sorted(found.items())}
    lines = sum(each["lines"] for each in files.values())
    reached = sum(each["reached"] for each in files.values())
    left = [
        {"file": r.path, "lines": ranges(numbers_of(s)), "where": r.text, "why": r.why}
        for r, s in explained.by_reason
    ]
    return {
        "schema": "reveille-fuzz-coverage/1",
        "ended": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "product": PRODUCT,
        "lines": lines,
        "reached": reached,
        "share": round(100 * reached / lines, 1) if lines else 0,
        "files": files,
        "left": left,
        "unexplained": [{"file": s.path, "lines": ranges(s.numbers)} for s in explained.unexplained],
        "out_of_date": [{"file": r.path, "where": r.text} for r in explained.out_of_date],
        "not_counted": failed,
    }


def page(about):
    rows = ["| file | lines | reached | % |", "| --- | ---: | ---: | ---: |"]
    for path, of in about["files"].items():
        share = 100 * of["reached"] / max(1, of["lines"])
        rows.append(f"| {path} | {of['lines']} | {of['reached']} | {share:.0f} |")
    rows += ["", "Not reached:", "", "| file | lines | where | why |", "| --- | --- | --- | --- |"]
    rows += [f"| {each['file']} | {each['lines']} | `{each['where']}` | {each['why']} |" for each in about["left"]]
    rows.append("")
    rows += [f"Not reached, and no reason given: {e['file']} {e['lines']}" for e in about["unexplained"]]
    rows += [f"A reason that is out of date: {e['file']} `{e['where']}`" for e in about["out_of_date"]]
    rows += [f"Not counted: {why}" for why in about["not_counted"]]
    rows.append(
        f"{about['reached']} of {about['lines']} lines of {about['product']} are reached, {about['share']:.1f} %."
    )
    return "\n".join(rows) + "\n"


def run_tool(words):
    ran = subprocess.run(words, capture_output=True, text=True, errors="replace")
    if ran.returncode != 0:
        raise Failed(f"{words[0]} failed: {(ran.stderr.strip().splitlines() or ['it says nothing'])[-1]}")
    return ran.stdout


def execute(choices, out):
    """(programs with a profile, profiles, why not of the others)."""
    programs, profiles, failed = [], [], []
    for _, name in builds(choices):
        program = pathlib.Path(choices.build_root) / PRESET / "bin" / name
        profile = out / f"{name}.profraw"
        why = replay(program, name.removesuffix("_replay"), choices, profile)
        if why:
            failed.append(why)
        else:
            programs.append(program)
            profiles.append(profile)
    if not profiles:
        raise Failed(f"nothing was counted: {'; '.join(failed)}")
    return programs, profiles, failed


def measure(choices):
    profdata, cov = tool("llvm-profdata"), tool("llvm-cov")
    reasons = uncovered.read(pathlib.Path(choices.fuzz_folder) / REASONS)
    out = pathlib.Path(choices.out) / "coverage"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    programs, profiles, failed = execute(choices, out)
    merged = out / "all.profdata"
    run_tool([profdata, "merge", "-sparse", "-o", merged, *profiles])
    objects = [word for program in programs[1:] for word in ("-object", program)]
    found = product_of(run_tool([cov, "export", "-format=lcov", f"-instr-profile={merged}", programs[0], *objects]))
    about = describe(found, account(found, reasons, read_text), failed)
    store.write_text(out / "coverage.json", json.dumps(about, indent=1) + "\n")
    store.write_text(out / "coverage.md", page(about))
    print(page(about), end="")
    return 0 if all(why.endswith(NO_INPUTS) for why in failed) else FAILED


def main(choices):
    try:
        if choices.list_builds:
            for preset, target in builds(choices):
                print(preset, target)
            return 0
        return measure(choices)
    except (Failed, uncovered.Unreadable, store.Unwritable, OSError) as error:
        print(f"fuzz: {error}", file=sys.stderr)
        return USAGE if isinstance(error, Usage) else FAILED
