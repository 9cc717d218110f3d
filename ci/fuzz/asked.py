"""What the campaign was asked for."""

import argparse

import options  # of ci/nightly

DESCRIPTION = """ci/run fuzz: lets the fuzz targets search for --minutes, all sharing the time.
Their corpora grow in --corpus and are minimised at the end; each new finding
becomes a folder in --out with its input, its log and the command that repeats it.

Builds the presets fuzz and fuzz-lens first; that, the canary and the minimising
come on top of --minutes. Control-C ends it with its summary. Killed at any moment
it loses nothing: what was found lies in --corpus, and the next campaign takes it
up."""

EPILOGUE = """Exit status: 0 nothing found, 1 found, 2 wrong usage, 3 the tool failed: a target
could not run or its corpus not be minimised, a file not be written, or the canary
was not seen."""


def names(text):
    return tuple(name for name in text.split(",") if name)


seconds = options.number(float, 0.001, 1e6, "a number of seconds above 0")


def parser():
    result = options.Parser(
        prog="ci/run fuzz",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("--minutes", type=options.minutes, metavar="N", help="time to search")
    add("--target", type=names, default=(), metavar="NAMES", help="only these, with commas")
    add("--jobs", type=options.workers, default=2, metavar="N", help="targets at a time (default: %(default)s)")
    add("--corpus", default="out/fuzz-corpus", metavar="DIR", help="default: %(default)s")
    add("--out", default="out/fuzz", metavar="DIR", help="default: %(default)s")
    add("--seed", type=options.seed, default=0, help="of libFuzzer's dice; 0: new ones")
    add("--coverage", action="store_true", help="instead: which lines of scheduler/ the corpora reach")
    add("--build-root", default="build", help=argparse.SUPPRESS)
    add("--fuzz-folder", default="fuzz", help=argparse.SUPPRESS)
    add("--canary-seconds", type=seconds, default=120, help=argparse.SUPPRESS)
    add("--slice-seconds", type=seconds, help=argparse.SUPPRESS)
    add("--shrink-seconds", type=seconds, default=20, help=argparse.SUPPRESS)
    add("--parse-only", action="store_true", help=argparse.SUPPRESS)
    add("--list-presets", action="store_true", help=argparse.SUPPRESS)
    add("--list-builds", action="store_true", help=argparse.SUPPRESS)
    return result


def parse(arguments):
    asked = parser()
    choices = asked.parse_args(arguments)
    if choices.minutes is None and not choices.coverage:
        asked.error("how long? --minutes=N (2 for a first look, 60 for an hour)")
    return choices
