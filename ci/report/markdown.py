"""summary.md: the page in a screenful, fit for a step summary."""

import growth
import judgement as judging
import line_coverage
import tally


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def gap_table(night):
    stress = [unit for unit in night.units if unit["kind"] == "stress" and unit["lens"] == "none"]
    if not stress:
        return
    yield "| scenario | rescuers | runs | rounds | tasks | gap p50 | p99 | p99.9 | max |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for key in sorted({(unit["scenario"], unit["rescuers"]) for unit in stress}):
        runs = [r for u in stress if (u["scenario"], u["rescuers"]) == key for r in u.runs]
        sums = tally.total(runs)
        gaps = [tally.duration(sums.gaps.quantile(q)) for q in (0.5, 0.99, 0.999)]
        cells = [*key, sums.runs, tally.count(sums.rounds), tally.count(sums.tasks)]
        cells += [*gaps, tally.duration(sums.gaps.longest)]
        yield "| " + " | ".join(map(str, cells)) + " |"


def searched_table(night):
    yield "| kind | lens | units | not judged | rounds | schedules | executions | CPU |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for key in dict.fromkeys((unit["kind"], unit["lens"]) for unit in night.units):
        units = [u for u in night.units if (u["kind"], u["lens"]) == key]
        sums = tally.total([run for unit in units for run in unit.runs])
        failed = sum(u["outcome"] not in ("clean", "finding", "interrupted", "skipped") for u in units)
        cells = [*key, len(units), failed, *(tally.count(getattr(sums, name)) for name in tally.AMOUNTS)]
        cells.append(tally.clock(sum(u["cpu_s"] for u in units)))
        yield "| " + " | ".join(map(str, cells)) + " |"


def fuzz_table(night):
    found = growth.targets(night).values()
    if found:
        yield "| target | s | executions | edges | features | inputs | last new after |"
        yield "| --- | ---: | ---: | ---: | ---: | --- | ---: |"
    for target in found:
        cells = [target.name, f"{target.seconds:.0f}", tally.count(target.executions), target.edges]
        cells += [target.features, f"{target.before} to {target.inputs}", f"{target.newest:.0f} s"]
        yield "| " + " | ".join(map(str, cells)) + " |"


# A step summary may have a mebibyte.
MOST_FINDINGS = 100


def finding_lines(night, found):
    for f in found[:MOST_FINDINGS]:
        where = ", ".join(f.scenarios)
        yield f"- **{f.verdict}** ({f.state}) in {where}, seen {f.sightings}x: {cell(f.what)[:400]}"
        if f.folder:
            yield f"  - folder: {night.place(f.folder)}"
        yield f"  - repeat: `{f.command}`"
    if len(found) > MOST_FINDINGS:
        yield f"- and {len(found) - MOST_FINDINGS} more, on the page"


def not_run_lines(night):
    for item in night.night.get("not_run", []):
        yield f"- {item['what']}: {item['why']}"
    missing = night.night.get("missing", [])
    if missing:
        yield f"- {len(missing)} of {night.night['planned']} planned units: {judging.why_missing(night.night)}"


def failure_lines(night):
    for unit in night.units:
        if unit["outcome"] not in ("clean", "finding", "interrupted", "skipped"):
            yield f"- unit {unit['number']}, {unit['title']}: {unit['outcome']}: {cell(unit['why'])[:300]}"


def summary(night, found, judgement):
    counts = judgement.counts
    yield "# Reveille, a night of stress"
    yield from ("", f"**{judgement.headline}.**", "")
    yield from (f"{line}" for line in judgement.details)
    outcomes = ", ".join(f"{n} {outcome}" for outcome, n in sorted(judgement.outcomes.items()))
    yield from (
        "",
        f"Pool {night.target}, root seed {night.options['seed']}, {tally.clock(counts['seconds'])}, "
        f"{tally.clock(counts['cpu_s'])} of processor time; units: {outcomes or 'none'}.",
    )
    seen = sorted(lens for lens, why in (night.night.get("canaries") or {}).items() if not why)
    if seen:
        yield f"Lenses whose canary was seen before the first unit: {', '.join(seen)}."
    for title, said in (
        ("Findings", finding_lines(night, found)),
        ("Could not be judged", failure_lines(night)),
        ("Not run", not_run_lines(night)),
        ("Searched", searched_table(night)),
        ("Fuzz targets", fuzz_table(night)),
        ("Lines of the product", line_coverage.words(night)),
        ("How long a P idled beside runnable work", gap_table(night)),
    ):
        body = list(said)
        if body:
            yield from ("", f"## {title}", "", *body)
    yield from ("", f"The page: {night.night['out']}/report.html; raw results: {night.night['out']}/units/")
