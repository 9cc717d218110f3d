"""The lens fuzz: which of the fuzz targets a night gives turns to, what has to be
built for them, and why some or all are left out.

With a planted bug only those run that are built with it."""

import pathlib

import build_trees
import targets  # of ci/fuzz

# What the targets know; another pool is not in them.
POOL = "mpg"
PRESETS = targets.PRESETS
# Of each tree: builds all that the tree lists.
ALL_TARGETS = "fuzz_targets"


def found(choices):
    """(targets, canary) of the trees that are configured, built or not."""
    by_name = {t.name: t for t in targets.find(choices.build_root, pathlib.Path(choices.fuzz_folder))}
    canary = by_name.pop(targets.CANARY, None)
    others = list(by_name.values())
    if choices.mutant:
        planted = [targets.with_bug(target, choices.mutant) for target in others]
        others = [t for t in planted if t.program.exists() or can_build(choices, t)]
    return others, canary


def builds_of(choices, target):
    """Its own first."""
    return targets.builds(target, f"_{choices.mutant}" if choices.mutant else "")


def can_build(choices, target):
    return build_trees.knows_target(choices.build_root, target.preset, builds_of(choices, target)[0])


def builds(choices):
    """(preset, target of the build)."""
    if choices.pool != POOL:
        return []
    others, canary = found(choices)
    wanted = [(canary.preset, canary.name)] if canary and choices.mutant else []
    for target in others:
        whole = target.preset == PRESETS[0] and not choices.mutant
        names = [ALL_TARGETS] if whole else builds_of(choices, target)
        wanted += [(target.preset, name) for name in names]
    return list(dict.fromkeys(wanted))


def outdated(choices):
    """Of the builds, one that a night would have to begin with; or None."""
    for preset, name in builds(choices):
        if not build_trees.is_up_to_date(choices.build_root, preset, name):
            return f"{preset} {name}"
    return None


def why_left_out(choices, target, failed_builds):
    """A line, or "" for a target that can run."""
    for name in (builds_of(choices, target)[0], ALL_TARGETS):
        if (target.preset, name) in failed_builds:
            return f"its build failed; see out/ci/build-{target.preset}-{name}.log"
    return "" if target.program.exists() else f"{target.program} is not built"


def why_unusable(choices, failed_builds):
    """Why there can be no unit of it at all; or ""."""
    if choices.pool != POOL:
        return f"its targets know the pool {POOL} only"
    others, canary = found(choices)
    if canary is None:
        trees = " and ".join(f"{choices.build_root}/{preset}" for preset in PRESETS)
        return f"neither of {trees} is configured with fuzz targets, which need clang"
    blind = why_left_out(choices, canary, failed_builds)
    if blind:
        return f"its canary cannot run: {blind}"
    if not others:
        return f"no target is built with the bug {choices.mutant}"
    reasons = [why_left_out(choices, target, failed_builds) for target in others]
    return "" if not all(reasons) else reasons[0]


def usable(choices, failed_builds):
    """(names of the targets that run, [what is left out, and why]); for a night
    that has the lens."""
    others, _ = found(choices)
    why = {target.name: why_left_out(choices, target, failed_builds) for target in others}
    left_out = [{"what": f"fuzz target {name}", "why": said} for name, said in why.items() if said]
    trees = targets.listed_by_tree(choices.build_root)
    left_out += [
        {"what": f"fuzz targets of the preset {preset}", "why": f"{choices.build_root}/{preset} is not configured"}
        for preset in PRESETS
        if preset not in trees
    ]
    return [name for name, said in why.items() if not said], left_out
