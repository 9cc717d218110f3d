"""ci/run fuzz --coverage: which lines of the product the corpora reach. The replay
executables of a tree that counts execute all inputs; llvm-cov says the rest."""

import os
import pathlib
import shutil
import subprocess
import sys

import store  # of ci/nightly
import targets

PRESET = "coverage"
PRODUCT = "scheduler/"
NOT_PRODUCT = ("_test.cc", "testing.h", "/bench/", "/consumer_test/")
FAILED = 3


def tool(name):
    for candidate in (f"{name}-{os.environ.get('CLANG') or 19}", name):
        if shutil.which(candidate):
            return candidate
    return None


def builds(choices):
    """(preset, target of the build) of all that is to count."""
    root = pathlib.Path(choices.build_root)
    names = (root / PRESET / targets.LIST).read_text().split()
    wanted = [n for n in names if n != targets.CANARY and (not choices.target or n in choices.target)]
    return [(PRESET, f"{name}_replay") for name in wanted]


def replay(program, name, choices, profile):
    """The number of folders with inputs, or why there is no profile."""
    folders = [pathlib.Path(choices.corpus) / name, pathlib.Path(choices.fuzz_folder) / "corpus" / name]
    inputs = [str(f) for f in folders if f.is_dir() and any(f.iterdir())]
    if not inputs:
        return f"{name}: no inputs"
    ran = subprocess.run(
        [program, *inputs], env=os.environ | {"LLVM_PROFILE_FILE": str(profile)}, capture_output=True, text=True
    )
    if ran.returncode != 0 or not profile.exists():
        return f"{name}: exit {ran.returncode}, {(ran.stderr.strip().splitlines() or ['no profile'])[-1]}"
    return ""


def lines_of(lcov):
    """file -> {line: how often}, of the product."""
    counts, here = {}, None
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            path = os.path.relpath(line[3:])
            ours = path.startswith(PRODUCT) and not any(part in path for part in NOT_PRODUCT)
            here = counts.setdefault(path, {}) if ours else None
        elif line.startswith("DA:") and here is not None:
            number, count = line[3:].split(",")[:2]
            here[int(number)] = max(here.get(int(number), 0), int(count))
    return counts


def ranges(numbers):
    """[3, 4, 5, 9] as "3-5, 9"."""
    pieces = []
    for number in sorted(numbers):
        if pieces and pieces[-1][1] == number - 1:
            pieces[-1][1] = number
        else:
            pieces.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in pieces)


def page(counts, failed):
    rows = ["| file | lines | reached | not reached |", "| --- | ---: | ---: | --- |"]
    lines = reached = 0
    for path, of in sorted(counts.items()):
        missed = [number for number, count in of.items() if count == 0]
        lines, reached = lines + len(of), reached + len(of) - len(missed)
        rows.append(f"| {path} | {len(of)} | {len(of) - len(missed)} | {ranges(missed)} |")
    share = 100 * reached / lines if lines else 0
    rows += ["", *(f"Not counted: {why}" for why in failed)]
    rows.append(f"{reached} of {lines} lines of {PRODUCT} are reached, {share:.1f} %.")
    return "\n".join(rows) + "\n"


def measure(choices):
    profdata, cov = tool("llvm-profdata"), tool("llvm-cov")
    if not profdata or not cov:
        print("fuzz: --coverage needs llvm-profdata and llvm-cov", file=sys.stderr)
        return FAILED
    out = pathlib.Path(choices.out) / "coverage"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    profiles, programs, failed = [], [], []
    for _, name in builds(choices):
        program = pathlib.Path(choices.build_root) / PRESET / "bin" / name
        profile = out / f"{name}.profraw"
        why = replay(program, name.removesuffix("_replay"), choices, profile)
        if why:
            failed.append(why)
        else:
            profiles.append(profile)
            programs.append(program)
    if not profiles:
        print(f"fuzz: nothing was counted: {'; '.join(failed)}", file=sys.stderr)
        return FAILED
    merged = out / "all.profdata"
    subprocess.run([profdata, "merge", "-sparse", "-o", merged, *profiles], check=True)
    objects = [word for program in programs[1:] for word in ("-object", program)]
    export = [cov, "export", "-format=lcov", f"-instr-profile={merged}", programs[0], *objects]
    lcov = subprocess.run(export, check=True, capture_output=True, text=True).stdout
    text = page(lines_of(lcov), failed)
    store.write_text(out / "coverage.md", text)
    print(text, end="")
    return 0
