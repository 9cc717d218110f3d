"""Which lines of the product the fuzz corpora reach, as `ci/run fuzz --coverage` said
when it was last asked: the night takes over what it finds."""

import markup
from markup import escaped, tag

SCHEMA = "reveille-fuzz-coverage/1"


def of(night):
    """coverage.json, or None; also where it is damaged."""
    about = night.coverage
    if not isinstance(about, dict) or about.get("schema") != SCHEMA:
        return None
    try:
        whole = {name: about[name] for name in ("ended", "product")} | {"files": {}}
        for path, each in about["files"].items():
            whole["files"][str(path)] = (int(each["lines"]), int(each["reached"]))
        whole["left"] = [tuple(str(e[key]) for key in ("file", "lines", "where", "why")) for e in about["left"]]
        whole["unexplained"] = [(str(e["file"]), str(e["lines"])) for e in about["unexplained"]]
        return whole
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def record(night):
    """For report.json."""
    about = of(night)
    if about is None:
        return None
    lines = sum(lines for lines, _ in about["files"].values())
    reached = sum(reached for _, reached in about["files"].values())
    unexplained = len(about["unexplained"])
    share = round(100 * reached / lines, 1) if lines else 0
    return {"ended": str(about["ended"])[:10], "lines": lines, "reached": reached, "share": share} | {
        "unexplained": unexplained
    }


def words(night):
    """A sentence for summary.md, too."""
    said = record(night)
    if said is None:
        return []
    left = said["unexplained"]
    without = f", {left} stretch{'es' if left > 1 else ''} without a reason" if left else ""
    return [
        f"{said['reached']} of {said['lines']} lines of {of(night)['product']} ({said['share']} %) are reached by the "
        f"fuzz corpora, measured on {said['ended']}{without}."
    ]


def section(view):
    about = of(view.night)
    if about is None:
        return ""
    files = [
        [escaped(path), lines, reached, f"{100 * reached / max(1, lines):.0f}"]
        for path, (lines, reached) in about["files"].items()
    ]
    left = [[escaped(word) for word in row] for row in about["left"]]
    left += [[escaped(path), escaped(lines), "", tag("b", "no reason given")] for path, lines in about["unexplained"]]
    return "".join(
        (
            tag("h3", "Lines"),
            *(tag("p", escaped(line)) for line in words(view.night)),
            markup.more("All files", markup.table(["file", "#lines", "#reached", "#%"], files)),
            markup.more("What is not reached, and why", markup.table(["file", "lines", "where", "why"], left)),
        )
    )
