"""The scores of a night's units, folded into one: score.json beside night.json.

Each unit scores one bug in one trial; a night that comes round to a bug again
has two. The fold knows no order: whichever unit came first, the sums are the same.
"""

import statistics

import store as stores

SUMS = ("planned", "trials", "failed_trials", "found", "right_verdict")
COUNTS = ("verdicts", "places")


def write(folder):
    """Nothing where nothing was scored."""
    scores = [stores.read_json(path) for path in sorted(folder.glob("units/[0-9]*/score.json"))]
    scores = [score for score in scores if score]
    if scores:
        stores.write_json(folder / "score.json", fold(scores))


def fold(scores):
    cells = {}
    for score in scores:
        for cell in score["cells"]:
            key = (cell["group"], cell["bug"], cell["lens"], cell["rescuers"])
            cells[key] = joined(cells[key], cell) if key in cells else cell
    return {
        "schema": scores[0]["schema"],
        "complete": all(score["complete"] for score in scores),
        "cells": [with_medians(cells[key]) for key in sorted(cells)],
    }


def joined(one, other):
    cell = one | {name: one[name] + other[name] for name in SUMS}
    for name in COUNTS:
        words = [*one[name], *other[name]]
        cell[name] = {word: one[name].get(word, 0) + other[name].get(word, 0) for word in words}
    return cell | {"each": one["each"] + other["each"]}


def with_medians(cell):
    found = [trial for trial in cell["each"] if trial["found"]]
    unit = "median_schedules" if "median_schedules" in cell else "median_rounds"
    return cell | {
        "median_seconds": statistics.median(t["seconds"] for t in found) if found else None,
        unit: statistics.median(t["searched"] for t in found) if found else None,
    }
