"""What ci/campaign is asked for."""

import argparse

import campaign as campaigns
import options  # of ci/nightly
import plan

DESCRIPTION = """ci/campaign: a search in numbered units, on this machine or on many.

  submit    begins a campaign in --out=DIR
  status    what of DIR is done, runs, is missing, and was found
  resume    does what is missing in DIR, there or with another engine
  merge     folds what is done into DIR/merged.json and the night's page"""

EPILOGUE = """Exit status: 0 nothing found, 1 found (or two attempts at one unit disagree),
2 wrong usage, 3 the tool failed, or units are missing."""

# none: only makes DIR; its units are then run by whatever there is.
ENGINES = ("local", "slurm", "none")


def number(lowest, highest):
    return options.number(lambda text: int(text, 0), lowest, highest, f"a number from {lowest} to {highest}")


def lens_names(text):
    known = [lens for lens in plan.LENSES if lens != "score"]
    names = [name for name in text.split(",") if name]
    if not names or any(name not in known for name in names):
        raise argparse.ArgumentTypeError(f"'{text}'; there are: {', '.join(known)}")
    return names


def add_engine(add):
    add("--engine", choices=ENGINES, default="local", help="default: %(default)s")
    add("--jobs", type=number(1, 256), help="local: units at a time (default: half of the cores)")
    add("--units-per-task", type=number(1, 10_000), default=1, metavar="N", help="slurm: short units together")
    add("--partition", default="", metavar="NAME", help="slurm: default: the cluster's")


def add_submit(commands):
    submit = commands.add_parser("submit", help="begins a campaign", allow_abbrev=False)
    add = submit.add_argument
    add("--out", required=True, metavar="DIR", help="on a file system that all machines share")
    add("--units", type=number(1, 1_000_000), required=True, metavar="N")
    add("--unit-seconds", type=number(1, 86_400), default=60, metavar="N", help="default: %(default)s")
    add(
        "--unit-schedules",
        type=number(1, 10**12),
        metavar="N",
        help="so many schedules each instead: a unit's result is then decided by its number "
        "(lens explore only)",
    )
    add("--epochs", type=number(1, 1000), default=1, metavar="N", help="merge after each; default: %(default)s")
    add("--seed", type=options.seed, help="root of all seeds (default: a new one)")
    add("--lenses", type=lens_names, default=["explore"], metavar="NAMES", help="default: explore")
    add("--only", default="", metavar="WORDS", help="these scenarios or kinds, with commas")
    add("--skip", default="", metavar="WORDS", help="not these")
    add("--pool", default="mpg", help="default: %(default)s")
    add("--mutant", default="", metavar="NAME", help="a planted bug instead of the product")
    add("--build-root", default=str(campaigns.ROOT / "build"), help=argparse.SUPPRESS)
    add("--fuzz-folder", default=str(campaigns.ROOT / "fuzz"), help=argparse.SUPPRESS)
    add_engine(add)


def parser():
    result = options.Parser(
        prog="ci/campaign",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=options.Parser)
    add_submit(commands)
    for name, what in (("status", "what is done"), ("resume", "does what is missing"), ("merge", "folds")):
        command = commands.add_parser(name, help=what, allow_abbrev=False)
        command.add_argument("folder", metavar="DIR")
        if name == "resume":
            add_engine(command.add_argument)
    unit = commands.add_parser("unit", help="runs units of a campaign: what the engines call")
    unit.add_argument("folder", metavar="DIR")
    unit.add_argument("numbers", nargs="+", type=number(0, 1_000_000), metavar="NUMBER")
    return result


def parse(arguments):
    asked = parser()
    choices = asked.parse_args(arguments)
    if choices.command == "submit" and choices.unit_schedules and choices.lenses != ["explore"]:
        asked.error("--unit-schedules: only for --lenses=explore; other lenses run by the clock")
    if choices.command == "submit" and choices.epochs > choices.units:
        asked.error("--epochs: no more than --units")
    return choices
