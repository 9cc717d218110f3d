"""What the checks look at, and how they end.

Exit status: 0 clean, 1 violations (one a line: FILE:LINE: what), 2 the check
does not understand what it was given.
"""

import pathlib
import subprocess
import sys

SOURCE_SUFFIXES = (".cc", ".h")
# Kept out of the checks: what is built, and others' words.
SKIPPED = {"build", "out", ".git", ".cache"}


def root():
    """The tree to check: the argument, or the one this file lies in."""
    if len(sys.argv) > 2 or (len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help")):
        print(f"usage: {sys.argv[0]} [ROOT]")
        sys.exit(0 if sys.argv[1] in ("-h", "--help") else 2)
    if len(sys.argv) == 2:
        top = pathlib.Path(sys.argv[1])
    else:
        top = pathlib.Path(__file__).resolve().parents[2]
    if not top.is_dir():
        cannot(f"{top} is no folder")
    return top


def cannot(why):
    print(f"{pathlib.Path(sys.argv[0]).name}: cannot check: {why}", file=sys.stderr)
    sys.exit(2)


def files(top, suffixes=SOURCE_SUFFIXES, names=()):
    """Files of the tree, relative, sorted: git's view, or all outside of git."""
    listed = subprocess.run(
        ["git", "-C", str(top), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0 and (top / ".git").exists():
        paths = [pathlib.Path(p) for p in listed.stdout.split("\0") if p]
    else:
        paths = [p.relative_to(top) for p in top.rglob("*") if p.is_file()]
    return sorted(
        p
        for p in set(paths)
        if (p.suffix in suffixes or p.name in names)
        and not SKIPPED & set(p.parts)
        and (top / p).is_file()
    )


def is_for_tests(path):
    """Tests, benchmarks, and what only they include: testing.h, *_testing.h."""
    return bool({"bench", "consumer_test"} & set(path.parts)) or path.stem.endswith(
        ("_test", "_bench", "testing")
    )


def is_product(source):
    """What users link: scheduler/ without its tests and benchmarks."""
    return source.parts[0] == "scheduler" and not is_for_tests(source)


def read(top, path):
    try:
        return (top / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cannot(f"{path}: {error}")


def finish(violations, looked_at):
    """Prints the violations and ends the process."""
    for where, what in violations:
        print(f"{where}: {what}")
    name = pathlib.Path(sys.argv[0]).name
    print(f"{name}: {len(violations)} violations in {looked_at}")
    sys.exit(1 if violations else 0)
