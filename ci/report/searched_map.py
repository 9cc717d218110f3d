"""What was searched, in one picture: a square for each scenario in each way that
it was run, the fuller the more, red where something was found."""

import math

import judgement
import tally
from markup import escaped, tag

LENSES = {"none": "threads", "tsan": "TSan", "asan": "ASan", "explore": "explore"}


def column_of(unit):
    return (unit["kind"], unit["lens"], unit["procs"], unit["rescuers"], unit["chaos"])


def title_of(column):
    kind, lens, procs, rescuers, chaos = column
    parts = [f"{procs} P{'s' if procs > 1 else ''}" if procs else ""]
    parts += ["rescuers" if rescuers == "on" else ""]
    parts += ["chaos" if chaos != "none" else ""]
    words = ", ".join(part for part in parts if part) or "plain"
    return f"{escaped(LENSES.get(lens, lens))}<br><small>{escaped(words)}</small>"


def heat_map(night):
    """Markup; nothing where no unit has ended."""
    by_cell = {}
    # Bugs and fuzz targets are no scenarios: they have pictures of their own.
    for unit in (u for u in night.units if u["kind"] in ("stress", "explore")):
        by_cell.setdefault((unit["scenario"], column_of(unit)), []).append(unit)
    columns = sorted({column for _, column in by_cell}, key=lambda c: (c[1] == "explore", c))
    if not columns:
        return ""
    amounts = {key: amount_of(units) for key, units in by_cell.items()}
    most = {c: max(amounts[key] for key in amounts if key[1] == c) for c in columns}
    rows = [
        [escaped(scenario)]
        + [square(by_cell.get((scenario, c)), amounts.get((scenario, c), 0), most[c]) for c in columns]
        for scenario in night.night.get("all_scenarios") or sorted({key[0] for key in by_cell})
    ]
    head = "".join(tag("th", title) for title in ["", *map(title_of, columns)])
    body = "".join(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    grid = tag("table", tag("thead", tag("tr", head)), tag("tbody", body), class_="searched")
    words = "Rounds on real threads and explored schedules; red: found something; amber: not judged."
    return tag("div", grid, class_="scroll") + tag("p", words, class_="caption")


def amount_of(units):
    return tally.total([run for unit in units for run in unit.runs]).amount()


def square(units, amount, most):
    if not units:
        return tag("div", "&ndash;", class_="heat none", title="not run")
    outcomes = {unit["outcome"] for unit in units}
    if "finding" in outcomes:
        sort, share = "error", 1.0
    elif outcomes & set(judgement.INFRASTRUCTURE):
        sort, share = "unjudged", 1.0
    else:
        sort, share = "good", math.log1p(amount) / math.log1p(most) if most else 0
    title = f"{units[0]['title']}: {', '.join(sorted(outcomes))}, {amount}"
    return tag("div", tally.count(amount), class_=f"heat {sort}", style=f"--share:{share:.2f}", title=title)
