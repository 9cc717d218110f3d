"""Which fuzz targets there are, as the build trees list them.

A target of the tree `fuzz`, with AddressSanitizer, comes from there; what cannot
be built beside a sanitizer comes from `fuzz-lens`.
"""

import configparser
import dataclasses
import pathlib

PRESETS = ("fuzz", "fuzz-lens")
CANARY = "canary_fuzz"
# Who tells the story of what a target has found, if it is built beside it.
TELLERS = {"schedule_fuzz": "reveille_fuzz"}
# Written by CMake: one name a line.
LIST = "fuzz_targets.txt"


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    preset: str
    program: pathlib.Path
    seeds: pathlib.Path  # may not exist
    flags: tuple  # of libFuzzer, from its dictionary and its options


def listed_by_tree(build_root):
    """Preset -> names of its targets, of the trees that are configured."""
    found = {}
    for preset in PRESETS:
        try:
            found[preset] = (pathlib.Path(build_root) / preset / LIST).read_text().split()
        except OSError:
            continue
    return found


def listed(build_root):
    """Target name -> preset, in the order of the lists."""
    found = {}
    for preset, names in listed_by_tree(build_root).items():
        for name in names:
            found.setdefault(name, preset)
    return found


def flags_of(name, folder):
    """As OSS-Fuzz reads them: NAME.dict, and [libfuzzer] of NAME.options."""
    flags = [f"-dict={path}" for path in folder.glob(f"*/{name}.dict")]
    options = configparser.ConfigParser()
    options.read(folder.glob(f"*/{name}.options"))
    if options.has_section("libfuzzer"):
        flags += [f"-{key}={value}" for key, value in options["libfuzzer"].items() if key != "dict"]
    return tuple(flags)


def find(build_root, fuzz_folder):
    """All that the lists name, the canary too, built or not."""
    for name, preset in listed(build_root).items():
        program = pathlib.Path(build_root).absolute() / preset / "bin" / name
        seeds = fuzz_folder.absolute() / "corpus" / name
        yield Target(name, preset, program, seeds, flags_of(name, fuzz_folder.absolute()))


def builds(target, suffix=""):
    """Targets of the build; `suffix` names a planted bug."""
    return [f"{name}{suffix}" for name in (target.name, TELLERS.get(target.name)) if name]


def with_bug(target, mutant):
    """The same target on a planted bug, for which it may not be built."""
    return dataclasses.replace(target, program=target.program.parent / "mutants" / mutant / target.name)
