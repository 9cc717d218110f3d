"""What each section of the page says."""

import charts
import finding_page
import growth
import judgement as judging
import line_coverage
import markup
import score
import searched_map
import suppressions
import svg
import tally
from markup import escaped, tag


def verdict(view):
    judgement, counts = view.judgement, view.judgement.counts
    figures = [
        markup.figure(counts["new"], "new", "bad" if counts["new"] else ""),
        markup.figure(counts["returned"], "returned", "bad" if counts["returned"] else ""),
        markup.figure(counts["known"], "known"),
        markup.figure(counts["fixed"], "fixed"),
        markup.figure(tally.count(counts["rounds"]), "stress rounds"),
        markup.figure(tally.count(counts["tasks"]), "tasks"),
        markup.figure(tally.count(counts["schedules"]), "explored schedules"),
        *([markup.figure(tally.count(counts["executions"]), "fuzz executions")] if counts["executions"] else []),
        markup.figure(f"{counts['units']} of {max(counts['planned'], counts['units'])}", "units"),
        markup.figure(counts["not judged"], "not judged", "bad" if counts["not judged"] else ""),
        markup.figure(tally.clock(counts["cpu_s"]), "processor time"),
    ]
    return "".join(
        (
            tag("h1", escaped(judgement.headline), class_=f"headline {judgement.color}"),
            tag(
                "p",
                f"Pool {escaped(view.night.target)}, root seed {view.night.options['seed']}, "
                f"{tally.clock(counts['seconds'])}.",
            ),
            tag("div", *figures, class_="figures"),
            tag("ul", *(tag("li", escaped(line)) for line in judgement.details)),
            worst_picture(view),
            searched_map.heat_map(view.night),
        )
    )


def worst_picture(view):
    """On a red page, the picture of the first finding that has one is what the
    reader came for."""
    for finding in view.shown():
        model = view.timeline_of(finding)
        if model and model.missed():
            link = tag("a", escaped(f"{finding.verdict}, {finding.signature}"), href=f"#{finding.anchor}")
            words = tag("p", "The missed wakeup of ", link, " (red, dashed):")
            said = tag("p", escaped(finding_page.missed_words(model)), class_="caption")
            return words + svg.timeline(model) + said
    return ""


def findings(view):
    if not view.found:
        words = "No finding." if view.night.units else "Nothing ran."
        return tag("p", words) + gone(view)
    rows = []
    for f in view.found:
        low, high = f.interval()
        rate = f"{tally.rate(f.rate or 0)} <small>({tally.rate(low)}..{tally.rate(high)})</small>"
        folder = ""
        if f.folder:
            relative = f.folder.relative_to(view.night.folder).as_posix()
            folder = tag("a", "folder", href=f"{relative}/")
        rows.append(
            [
                markup.chip(f.state),
                linked(view, f) + "<br>" + tag("small", f.signature),
                escaped(", ".join(f.scenarios)),
                escaped(view.night.options["pool"]),
                escaped(", ".join(f.lenses)),
                f.sightings,
                rate,
                "{}/{}".format(*f.replays()) if f.replays()[1] else "",
                escaped(f.preemptions()),
                markup.command(f.command) + folder,
            ]
        )
    head = [
        "",
        "verdict",
        "scenario",
        "pool",
        "lens",
        "#seen",
        "#rate",
        "#replays",
        "#preemptions",
        "repeat it",
    ]
    return markup.table(head, rows, "findings") + gone(view)


def linked(view, finding):
    """The verdict, with a link to its page if it has one."""
    words = escaped(finding.verdict)
    return tag("a", words, href=f"#{finding.anchor}") if finding in view.shown() else words


def gone(view):
    rows = []
    for bucket in judging.fixed(view.night):
        rows.append(
            [
                markup.chip(bucket["state"]),
                escaped(bucket["verdict"]),
                bucket["signature"],
                escaped(bucket["scope"]),
                f"{bucket['count']} in {tally.count(bucket['searched'])}",
                bucket["last_seen"],
            ]
        )
    if not rows:
        return ""
    words = tag("h3", "Known from earlier nights and not met in this one")
    return words + markup.table(["", "verdict", "signature", "where", "#seen", "last seen"], rows)


GAP_WORDS = (
    "How long a P was idle while work was runnable, as the watchdog sampled it (about every half "
    "millisecond: shorter gaps are seen by chance, and the figures are rounded up to it). "
    "Both axes are logarithmic; a curve says which share of the gaps was at least so long."
)
WAKE_WORDS = (
    "From just before a task is submitted, or its event caused, to its first statement, of those tasks "
    "that found a free worker and no queue. Measured from outside the pool, for every such task."
)


def latency(view):
    night = view.night
    if not charts.gap_tallies(night):
        return tag("p", "No stress unit without a lens ran, so nothing was measured.")
    before = charts.previous_tallies(night)
    parts = [tag("p", GAP_WORDS), tag("p", escaped(before_words(night)), class_="caption")]
    parts += [durations_table(night, "gaps", lambda sums: sums.gaps, before)]
    parts.append(chart_grid(view, charts.gap_charts(night)))
    wakes = charts.wake_charts(night)
    if wakes:
        parts += [tag("h3", "Wake latency"), tag("p", WAKE_WORDS)]
        parts += [durations_table(night, "wakes", lambda sums: sums.wakes, before), chart_grid(view, wakes)]
    return "".join(parts)


def durations_table(night, what, measure, before):
    rows = []
    for scenario, by_rescuers in charts.gap_tallies(night).items():
        for rescuers, sums in sorted(by_rescuers.items()):
            durations = measure(sums)
            earlier = before.get((scenario, rescuers))
            earlier = measure(earlier) if earlier and measure(earlier).buckets else None
            row = [scenario, rescuers, sums.runs, tally.count(sums.rounds), tally.count(durations.count())]
            row += [with_before(durations, earlier, q) for q in (0.5, 0.99, 0.999)]
            row.append(tally.duration(durations.longest))
            rows.append(row + ([change_of(durations, earlier)] if before else []))
    head = ["scenario", "rescuers", "#runs", "#rounds", f"#{what}", "#p50", "#p99", "#p99.9", "#max"]
    return markup.table(head + (["#p99 to the night before"] if before else []), rows)


def with_before(durations, earlier, q):
    was = f"<br><small>{tally.duration(earlier.quantile(q))}</small>" if earlier else ""
    return tally.duration(durations.quantile(q)) + was


def change_of(durations, earlier):
    if earlier is None or not earlier.quantile(0.99):
        return ""
    return f"{durations.quantile(0.99) / earlier.quantile(0.99):.2f}x"


def before_words(night):
    previous = (night.history or {}).get("previous")
    if not previous:
        return "No night before to compare with."
    return (
        f"Beneath each figure, smaller, that of the night before ({previous['began'][:16].replace('T', ' ')} UTC); "
        f"its curves are dashed."
    )


def chart_grid(view, drawn):
    grid = []
    for scenario, ccdf, histogram in drawn:
        places = tag("div", "", id=view.add_chart(ccdf), class_="chart")
        places += tag("div", "", id=view.add_chart(histogram), class_="chart")
        grid.append(tag("div", tag("h3", escaped(scenario)), places, class_="card"))
    return tag("div", *grid, class_="grid")


def judges(view):
    parts, scored = [], ""
    if view.night.score:
        scored = score.heat_map(view.night.score)
    found = charts.discovery(view.night)
    alive = charts.survival(view.night)
    if found["series"]:
        over = {"kind": "steps", "title": "different signatures over processor time", "unit": "s"} | found
        parts.append(card("Different signatures over processor time", view.add_chart(over)))
    if alive["series"]:
        over = {"kind": "share", "title": "units without a finding over time", "unit": "s"} | alive
        parts.append(
            card("Share of units that have not found anything yet, over their time", view.add_chart(over))
        )
    words = (
        ""
        if view.night.score
        else tag("p", "The judges were not scored in this night: its folder has no score.json.")
    )
    if not parts:
        words += tag("p", "Nothing was found, so there is no time to a first finding to show.")
    lost = "".join(
        tag("p", "Planted, and found no more: " + escaped(line)) for line in view.night.night.get("lost", ())
    )
    return words + lost + scored + tag("div", *parts, class_="grid wide")


def card(title, place):
    return tag("div", tag("h3", escaped(title)), tag("div", "", id=place, class_="chart"), class_="card")


def coverage(view):
    return explored(view) + growth.section(view) + line_coverage.section(view)


def explored(view):
    curves = charts.saturation(view.night)
    if not curves:
        return tag("p", "No explore unit ran: there are no schedules to count.")
    named = [(key, key.split()[0], points) for key, points in sorted(curves.items())]
    parts = []
    for scenario in dict.fromkeys(style for _, style, _ in named):
        mine = [(name[len(scenario) + 1 :], "", points) for name, style, points in named if style == scenario]
        most = max(x for _, _, points in mine for x, _ in points)
        curves = mine + [("all different", "before", [(0, 0), (most, most)])]
        chart = {"kind": "saturation", "title": scenario} | charts.aligned(curves)
        parts.append(card(scenario, view.add_chart(chart)))
    rows = []
    for unit in view.night.units:
        for run in unit.runs:
            if run.get("schedules"):
                fresh = run.get("distinct", 0) / run["schedules"]
                rate = run["schedules"] / run["duration_s"] if run.get("duration_s") else 0
                rows.append(
                    [unit["scenario"], unit["procs"], unit["rescuers"], tally.count(run["schedules"])]
                    + [tally.count(int(rate)), f"{100 * fresh:.1f} %", tally.count(run.get("longest", 0))]
                    + [run.get("starved", 0), escaped(run.get("completeness", ""))]
                )
    words = (
        "Different interleavings (estimated) over schedules, one curve per number of Ps: a curve that "
        "bends down from the diagonal begins to see the same again."
    )
    head = [
        "scenario",
        "#Ps",
        "rescuers",
        "#schedules",
        "#a second",
        "#different",
        "#longest",
        "#starved",
        "",
    ]
    return (
        tag("p", words)
        + tag("div", *parts, class_="grid")
        + markup.more("All searches", markup.table(head, rows))
    )


def units(view):
    night = view.night
    return "".join(
        (
            tag("div", gantt(night), class_="scroll"),
            outcomes(view),
            markup.more("The slowest units", slowest(night)),
            canaries(night),
            suppressed(night),
            not_run(view),
            nights(night),
            environment(night),
        )
    )


def gantt(night):
    begun = [b["began"] for b in night.night.get("builds", [])] + [u["began"] for u in night.units]
    if not begun:
        return ""
    first, rows, free = min(begun), [], []
    spans = [
        (
            b["began"],
            b["ended"],
            "build" if b["status"] == 0 else "failed",
            f"build {b['preset']} {b['target']}",
        )
        for b in night.night.get("builds", [])
    ]
    spans += [
        (
            u["began"],
            u["ended"],
            u["outcome"],
            f"{u['number']}: {u['title']}: {u['outcome']} in {u.took:.1f} s",
        )
        for u in night.units
    ]
    for begin, end, style, words in sorted(spans):
        worker = next((i for i, until in enumerate(free) if until <= begin + 0.05), len(free))
        free[worker:] = [end] + free[worker + 1 :]
        rows.append((worker, begin - first, end - first, style, words))
    return svg.gantt(rows, max(row[2] for row in rows))


def outcomes(view):
    cells = [markup.figure(n, outcome, outcome) for outcome, n in sorted(view.judgement.outcomes.items())]
    retried = [u for u in view.night.units if u["attempt"] > 1]
    if retried:
        cells.append(markup.figure(len(retried), "done again"))
    failed = [u for u in view.night.units if u["outcome"] in judging.INFRASTRUCTURE]
    rows = [[u["number"], escaped(u["title"]), u["outcome"], escaped(u["why"])] for u in failed]
    table = markup.table(["#unit", "", "outcome", "why"], rows) if rows else ""
    return tag("div", *cells, class_="figures") + table


def slowest(night):
    slow = sorted(night.units, key=lambda u: u.took - u["seconds"], reverse=True)[:12]
    rows = [
        [u["number"], escaped(u["title"]), u["outcome"], f"{u.took:.1f} s", f"{u['seconds']} s"]
        + [f"{u['cpu_s']:.1f} s", f"{u['max_rss_kib'] / 1024:.0f} MiB"]
        for u in slow
    ]
    return markup.table(["#unit", "", "outcome", "#took", "#planned", "#processor", "#memory"], rows)


def canaries(night):
    """What was asked before the first unit: a lens that sees nothing is green for ever."""
    asked = night.night.get("canaries") or {}
    rows = [[escaped(lens), "seen" if not why else escaped(why)] for lens, why in sorted(asked.items())]
    return tag("h3", "Canaries") + markup.table(["lens", "its canary"], rows) if rows else ""


def suppressed(night):
    hits = suppressions.hits(night)
    if hits is None:
        return ""
    rows = [[escaped(rule), count] for rule, count in sorted(hits.items())]
    words = "Suppressions hit" if rows else "No suppression was hit."
    return tag("h3", words) + (markup.table(["suppression", "#hits"], rows) if rows else "")


def not_run(view):
    items = [f"{item['what']}: {item['why']}" for item in view.night.night.get("not_run", [])]
    missing = view.night.night.get("missing", [])
    if missing:
        items.append(f"{judging.plural(len(missing), 'planned unit')}, {judging.why_missing(view.night.night)}")
    if view.night.damaged:
        items.append(f"{view.night.damaged} damaged lines of results were left out")
    return tag("h3", "Not run, not measured") + tag("ul", *(tag("li", escaped(item)) for item in items))


def nights(night):
    if not night.history:
        return tag("p", "Without --history there is no other night to compare with.")
    rows = []
    for bucket in night.history["buckets"]:
        series = [
            ("met" if seen else "clean" if looked else "blank", f"{seen} in {looked}")
            for seen, looked in bucket["nights"][-60:]
        ]
        words = f"{bucket['count']} in {tally.count(bucket['searched'])}"
        state = markup.chip(bucket["state"])
        rows.append([state, escaped(bucket["verdict"]), escaped(bucket["scope"]), svg.stripes(series), words])
    title = tag("h3", f"{judging.plural(len(night.history['nights']), 'night')}")
    return title + (
        markup.table(["", "verdict", "where", "nights, this one to the right", "#seen"], rows) if rows else ""
    )


def environment(night):
    rows = [
        [escaped(key.replace("_", " ")), escaped(str(value))] for key, value in night.night["machine"].items()
    ]
    rows += [[f"--{key.replace('_', '-')}", escaped(str(value))] for key, value in night.options.items()]
    rows += [
        [f"build {b['preset']} {b['target']}", f"{b['ended'] - b['began']:.0f} s, exit {b['status']}"]
        for b in night.night.get("builds", [])
    ]
    return markup.more("Machine, options, builds", markup.table(["", ""], rows))
