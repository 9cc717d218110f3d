"""The page of one finding: picture, story, code."""

import findings
import markup
import story as stories
import svg
from markup import escaped, tag

MOST_PLACES = 8


def page(view, finding):
    model = view.timeline_of(finding)
    parts = [
        tag(
            "h2", markup.chip(finding.state), escaped(f" {finding.verdict} "), tag("small", finding.signature)
        ),
        tag("p", escaped(finding.what)),
        markup.command(finding.command),
    ]
    if model:
        words = " ".join(part for part in (model.caption, model.note, missed_words(model)) if part)
        parts.append(svg.timeline(model))
        parts.append(tag("p", escaped(words), class_="caption"))
        parts.append(legend(model))
    else:
        parts.append(tag("p", "Its folder has no trace to draw.", class_="caption"))
    text = finding.text("story.txt")
    if text:
        parts.append(why(text))
        parts.append(code(view, stories.parse(text)))
    for name in findings.TEXTS:
        text = finding.text(name)
        if text:
            parts.append(markup.more(name, tag("pre", escaped(text)), opened=name in ("state.txt", "log.txt")))
    parts.append(markup.more("Where it was met", met(view, finding)))
    return "".join(parts)


def missed_words(model):
    return " ".join(f"{edge[4].rstrip('.')}." for edge in model.missed())


LEGEND = (
    ("run", "a task runs"),
    ("wake", "wakes somebody"),
    ("wait", "goes to sleep"),
    ("change", "changes a value"),
    ("lock", "locks, unlocks"),
    ("look", "looks"),
)
SPANS = (
    ("idle", "idle P"),
    ("running", "running P"),
    ("searching", "searches"),
    ("parked", "parked"),
    ("asleep", "asleep"),
    ("stuck", "for good"),
    ("stranded", "runnable, nobody comes"),
)


def legend(model):
    marks = {style.split()[0] for lane in model.lanes for _, style, _ in lane.marks}
    spans = {style for lane in model.lanes for _, _, style, _ in lane.spans}
    parts = [tag("span", swatch("mark", name), words) for name, words in LEGEND if name in marks]
    parts += [tag("span", swatch("span", name), words) for name, words in SPANS if name in spans]
    return tag("p", *parts, class_="legend")


def swatch(sort, name):
    return f'<svg width="16" height="12"><rect x="1" y="1" width="14" height="10" rx="2" class="{sort} {name}"/></svg>'


def why(text):
    _, found, rest = text.partition("\nWho cannot go on, and why\n")
    words = rest.partition("\nWhat happened: ")[0].strip("\n")
    return tag("h3", "Why") + tag("pre", escaped(words)) if found else ""


def places(story):
    """Of the missed wakeups first, then of the preemptions: (file, line, why)."""
    result = {}
    for missed in story.missed:
        match = stories.PLACE.match(missed.where)
        if match:
            result.setdefault((match[1], int(match[2])), f"{missed.waker}, step {missed.step}: {missed.why}")
    for thread, (_, where) in story.stuck.items():
        match = stories.PLACE.match(where)
        if match:
            result.setdefault((match[1], int(match[2])), f"{thread} is stuck here")
    for step in story.steps:
        file, line, _ = step.place()
        if step.preempts and file:
            result.setdefault((file, line), f"{step.thread}, step {step.number}: preempts here")
    return [(file, line, words) for (file, line), words in result.items()]


def code(view, story):
    parts = []
    for file, line, words in places(story)[:MOST_PLACES]:
        lines = view.sources.around(file, line)
        if lines:
            body = "".join(
                tag(
                    "span", escaped(f"{number:5d}  {text}"), "\n", class_="here" if number == line else "line"
                )
                for number, text in lines
            )
            name = f"{view.sources.relative(file)}:{line}"
            parts.append(tag("div", tag("p", tag("code", name), escaped(f": {words}")), tag("pre", body)))
    return tag("h3", "The code") + "".join(parts) if parts else ""


def met(view, finding):
    rows = [
        [unit["number"], escaped(unit["title"]), unit["seed"], f"{unit.took:.1f} s"] for unit in finding.units
    ]
    return markup.table(["#unit", "", "#seed", "#took"], rows)
