"""What the night was asked for."""

import argparse

import plan

DESCRIPTION = """ci/run nightly: every workload under every lens within a budget, and one page
that says what was searched and what was found: DIR/report.html, with
summary.md, junit.xml, findings.sarif, metrics.prom and report.json beside it.

Setup and build come on top of --minutes. Sanitizers and fuzz targets are looked
through from 20 minutes on, or when their build trees are up to date, or when
--lenses or --only asks. So are, from 20 minutes on, the planted bugs, with which the
judges themselves are measured.
Control-C ends the night with its report; --resume runs what is missing."""

EPILOGUE = """Exit status: 0 nothing new found, 1 found (a new or returned signature; any
with --strict), 2 wrong usage, 3 could not judge."""

# From so many minutes on it is worth building the trees of sanitizers and of fuzzing.
MINUTES_FOR_BUILDS = 20
# ... and on measuring the judges themselves.
MINUTES_FOR_SCORE = 20


class Parser(argparse.ArgumentParser):
    """One line for bad usage, as everywhere in Reveille."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def number(kind, lowest, highest, what):
    """A parser of such numbers, which says what would be right."""

    def parse(text):
        try:
            value = kind(text)
            if lowest <= value <= highest:
                return value
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"'{text}': expected {what}")

    return parse


minutes = number(float, 0.001, 100_000, "a number of minutes above 0, at most 100000")
workers = number(int, 1, 256, "a number from 1 to 256")
units = number(int, 1, 10**9, "a number of at least 1")
seed = number(lambda text: int(text, 0), 0, 2**64 - 1, "a whole number, such as 7 or 0x7")


def lens_names(text):
    names = tuple(name for name in text.split(",") if name)
    wrong = [name for name in names if name not in plan.LENSES]
    if wrong or not names:
        raise argparse.ArgumentTypeError(f"'{text}'; there are: {', '.join(plan.LENSES)}")
    return names


def parser():
    result = Parser(
        prog="ci/run nightly",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("--minutes", type=minutes, metavar="N", help="time to search")
    add("--seed", type=seed, help="root of all seeds (default: a new one)")
    add("--out", default="out/nightly", metavar="DIR", help="default: %(default)s")
    add("--only", default="", metavar="WORDS", help="these scenarios, kinds or lenses, with commas")
    add("--skip", default="", metavar="WORDS", help="not these")
    add("--lenses", type=lens_names, metavar="NAMES", help=f"of {','.join(plan.LENSES)}; built if need be")
    add("--jobs", type=workers, help="units at a time (default: half of the cores)")
    add("--units", type=units, metavar="N", help="at most so many units, whatever the time")
    add("--pool", default="mpg", help="default: %(default)s")
    add("--mutant", default="", metavar="NAME", help="a planted bug instead of the product")
    add("--history", metavar="DIR", help="remember signatures there; known ones leave the night green")
    add("--strict", action="store_true", help="known signatures make it red, too")
    add("--resume", action="store_true", help="go on in DIR: only what is missing there")
    add("--build-root", default="build", help=argparse.SUPPRESS)
    add("--fuzz-folder", default="fuzz", help=argparse.SUPPRESS)
    add("--line-coverage", default="out/fuzz/coverage/coverage.json", help=argparse.SUPPRESS)
    add("--grace", type=float, help=argparse.SUPPRESS)
    add("--memory-mib", type=float, help=argparse.SUPPRESS)
    add("--least-corpus", type=int, help=argparse.SUPPRESS)
    add("--builds", metavar="FILE", help=argparse.SUPPRESS)
    add("--parse-only", action="store_true", help=argparse.SUPPRESS)
    add("--list-presets", action="store_true", help=argparse.SUPPRESS)
    add("--list-builds", action="store_true", help=argparse.SUPPRESS)
    return result


def parse(arguments):
    options = parser()
    choices = options.parse_args(arguments)
    if choices.minutes is None and not choices.resume:
        options.error("how long? --minutes=N (5 for a first look, 480 for a night)")
    return choices


def words(text):
    return [word for word in text.split(",") if word]


def asks_for(choices, lens):
    """By its name."""
    return lens in (choices.lenses or ()) or lens in words(choices.only)


class Filter:
    """--only and --skip. A word is a scenario, a kind or a lens; of those that
    --only names of one sort, a unit has to be one."""

    def __init__(self, only, skip, scenarios):
        self.only, self.skip = words(only), words(skip)
        self.all_scenarios = scenarios
        known = (*scenarios, *plan.KINDS, *plan.LENSES)
        for word in self.only + self.skip:
            if word not in known:
                raise ValueError(f"no scenario {word}; there are: {', '.join(dict.fromkeys(known))}")
        self.scenarios = [name for name in scenarios if self._wants(name, scenarios)]
        if not self.scenarios:
            raise ValueError("--only and --skip leave no scenario")

    def _wants(self, name, sort):
        asked = [word for word in self.only if word in sort]
        return name not in self.skip and (not asked or name in asked)

    def wants(self, variant):
        # "explore" is a kind and a lens; that it is asked for as one is enough.
        sorts = (variant.kind, variant.lens)
        # These have no scenario: a night of some scenarios has none of them.
        if variant.kind in plan.OF_ITS_OWN and self.only and variant.kind not in self.only:
            return False
        asked = [word for word in self.only if word not in self.all_scenarios]
        return not set(self.skip) & set(sorts) and (not asked or bool(set(asked) & set(sorts)))
