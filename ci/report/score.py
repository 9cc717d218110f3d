"""score.json: which lens finds which planted bug, and how soon. Its schema,
reveille-score/1:

    {"schema": "reveille-score/1",
     "cells": [{"bug": "pre-seed", "group": "mutants", "lens": "explore-portfolio",
                "rescuers": false, "found": 20, "trials": 20, "right_verdict": 20,
                "median_seconds": 0.8, "median_schedules": 4100}]}

stress/score/README.md has all of it. A cell with `"expected": false` is a twin or
the product: whatever is found there is a judge's error."""

import tally
from markup import escaped, table, tag

SCHEMA = "reveille-score/1"


def heat_map(score):
    if not isinstance(score, dict) or score.get("schema") != SCHEMA:
        return tag("p", f"score.json is not of schema {SCHEMA} and is not shown.")
    cells = {(cell.get("group", ""), cell["bug"], column(cell)): cell for cell in score["cells"]}
    columns = list(dict.fromkeys(column(cell) for cell in score["cells"]))
    rows = []
    for group, bug in sorted({(group, bug) for group, bug, _ in cells}):
        row = [escaped(group), escaped(bug)]
        rows.append(row + [square(cells.get((group, bug, name))) for name in columns])
    words = "Found in k of n trials, and the median seconds to it; the fuller the colour, the surer."
    return tag("h3", "Planted bugs by lens") + tag("p", words) + table(["", "bug", *columns], rows, "heat")


def column(cell):
    return cell["lens"] + (", rescuers on" if cell.get("rescuers") else "")


def square(cell):
    if cell is None:
        return tag("div", "", class_="heat none", title="not tried")
    share = cell["found"] / cell["trials"] if cell["trials"] else 0
    sort = "good" if cell.get("expected", True) else "error"
    seconds = cell.get("median_seconds")
    when = f" {seconds:.2g} s" if cell["found"] and seconds is not None else ""
    title = f"{cell['bug']} under {cell['lens']}: the right verdict in {cell.get('right_verdict', 0)}"
    if cell.get("median_schedules"):
        title += f", median {tally.count(cell['median_schedules'])} schedules"
    words = escaped(f"{cell['found']}/{cell['trials']}{when}")
    return tag("div", words, class_=f"heat {sort}", style=f"--share:{share:.2f}", title=title)
