"""Which drivers there are, what has to be built for which lens, and why a lens
is not looked through."""

import json
import pathlib
import subprocess

import build_trees
import fuzz_lens
import kinds
import lens_canaries
import options
import plan


class Missing(Exception):
    """No driver that could tell what there is to run."""


def listed(build_root, what):
    """Names of what the driver has: scenarios, pools or mutants."""
    driver = kinds.driver(build_root, "none")
    try:
        said = subprocess.run([driver, "list", what], capture_output=True, text=True)
    except OSError as error:
        raise Missing(f"cannot run {driver}: {error.strerror}") from error
    lines = [line for line in said.stdout.splitlines() if line and not line[0].isspace()]
    if said.returncode != 0 or not lines:
        raise Missing(f"{driver} list {what}: exit {said.returncode}: {said.stderr.strip()}")
    return [line.split()[0].rstrip(":") for line in lines]


def bugs(build_root):
    """Planted bugs to measure the judges with, those that are built: mutants by
    their name, those of the zoo by their pool's."""
    mutants = [
        entry["name"]
        for entry in described(build_root, "mutants")
        if binary(build_root, "explore", entry["name"]).exists()
    ]
    return mutants + [entry["pool"] for entry in described(build_root, "zoo")]


def described(build_root, what):
    """As listed(), but with all that is said of each; [] from a driver that
    does not know the word."""
    driver = kinds.driver(build_root, "none")
    try:
        said = subprocess.run([driver, "list", what, "--json"], capture_output=True, text=True)
        return json.loads(said.stdout) if said.returncode == 0 else []
    except (OSError, ValueError):
        return []


def check_names(choices):
    """None, or the one line that says which name is wrong."""
    for option, name, what in (
        ("--pool", choices.pool, "pools"),
        ("--mutant", choices.mutant, "mutants"),
    ):
        if name:
            known = listed(choices.build_root, what)
            if name not in known:
                return f"{option}: no {what[:-1]} {name}; there are: {', '.join(known)}"
    return None


def binary(build_root, lens, mutant):
    folder = pathlib.Path(build_root, kinds.PRESET[lens], "bin")
    if mutant:
        folder = folder / "mutants" / mutant
    return folder / ("reveille_explore" if lens == "explore" else "reveille")


def target(lens, mutant):
    """The build target of a lens's driver."""
    if lens == "score":
        return "explore_mutants"
    if lens == "explore":
        return f"reveille_explore_{mutant}" if mutant else "reveille_explore_driver"
    return f"reveille_mutant_{mutant}" if mutant else "reveille"


def builds(choices, wanted=lambda variant: True):
    """(preset, target) of all that has to be built before the night: of the
    release tree, which is there, and of lenses that the budget allows."""
    for lens in choices.lenses or plan.LENSES:
        name, preset = target(lens, choices.mutant), kinds.PRESET.get(lens)
        # A mutant's explore driver is begun by its stress driver: both or none.
        if not any(wanted(v) for v in plan.SWEEP if kinds.PRESET.get(v.lens) == preset):
            continue
        if lens == "score" and why_not_score(choices):
            continue
        if lens == "fuzz":
            yield from fuzz_lens.builds(choices) if may_build(choices, lens) else ()
        elif preset != "release":
            if may_build(choices, lens):
                yield preset, "reveille"
                if choices.mutant:
                    yield preset, name
                yield from ((preset, canary) for canary in lens_canaries.programs(lens))
        elif lens == "none" or build_trees.knows_target(choices.build_root, preset, name):
            yield preset, name


def presets_to_configure(choices):
    """Trees that have to be configured before it is known what they can build."""
    only = options.words(choices.only)
    asked = "fuzz" in (choices.lenses or plan.LENSES) and (not only or "fuzz" in only)
    left_out = "fuzz" in options.words(choices.skip) or choices.pool != fuzz_lens.POOL
    return fuzz_lens.PRESETS if asked and not left_out and may_build(choices, "fuzz") else ()


def may_build(choices, lens):
    """Building must not eat a short night, unless somebody asks for it."""
    return options.asks_for(choices, lens) or (choices.minutes or 0) >= options.MINUTES_FOR_BUILDS


def usable(choices, failed_builds):
    """(lenses to look through, {lens: why not})."""
    lenses, why_not = [], {}
    for lens in plan.LENSES:
        reason = why_unusable(choices, lens, failed_builds)
        if reason:
            why_not[lens] = reason
        else:
            lenses.append(lens)
    return lenses, why_not


def why_not_score(choices):
    if choices.mutant:
        return "it plants its bugs itself, and this night has one already"
    few = (choices.minutes or 0) < options.MINUTES_FOR_SCORE
    if few and not choices.lenses:
        return f"{choices.minutes:g} minutes are less than {options.MINUTES_FOR_SCORE}"
    return ""


def why_unusable(choices, lens, failed_builds):
    if choices.lenses and lens not in choices.lenses:
        return "--lenses leaves it out"
    if lens == "fuzz":
        return fuzz_lens.why_unusable(choices, failed_builds) or why_not_built(choices, lens)
    if lens == "score":
        if why_not_score(choices):
            return why_not_score(choices)
        if not bugs(choices.build_root):
            return "the driver has no planted bugs"
    preset, name = kinds.PRESET[lens], target(lens, choices.mutant)
    path = binary(choices.build_root, lens, choices.mutant)
    for needed in ("reveille", name, *lens_canaries.programs(lens)):
        if (preset, needed) in failed_builds:
            return f"its build failed; see out/ci/build-{preset}-{needed}.log"
    if lens in ("tsan", "asan") and why_not_built(choices, lens):
        return why_not_built(choices, lens)
    if not path.exists():
        return f"{path} is not built"
    return ""


def why_not_built(choices, lens):
    """Of a lens with trees of its own; "" where they were built, or are up to date."""
    if may_build(choices, lens):
        return ""
    if lens == "fuzz":
        current = not fuzz_lens.outdated(choices)
    else:
        names = (target(lens, choices.mutant), *lens_canaries.programs(lens))
        current = all(build_trees.is_up_to_date(choices.build_root, kinds.PRESET[lens], name) for name in names)
    if current:
        return ""
    return (
        f"its build is not up to date and {choices.minutes:g} minutes are less than "
        f"{options.MINUTES_FOR_BUILDS}; --lenses={lens} asks for it all the same"
    )
