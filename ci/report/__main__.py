"""ci/run report DIR: makes the page of a night, and what lies beside it, from
the raw results in DIR and from nothing else.

    report.html   the page       summary.md     the page in a screenful
    junit.xml     for CI         findings.sarif for code scanning
    metrics.prom  for a textfile collector      report.json  the numbers

Exit status: 0 the files are there, 2 DIR is no night, 3 they could not be
written."""

import argparse
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "nightly"))

import junit
import markdown
import page
import prometheus
import raw
import sarif
import store
import view as views


def documents(view):
    """(name, text) of every file, one after the other."""
    summary = list(markdown.summary(view.night, view.found, view.judgement))
    yield "summary.md", "\n".join(summary) + "\n"
    yield "report.json", json.dumps(views.report(view), indent=1, sort_keys=True) + "\n"
    yield "junit.xml", junit.document(view.night)
    yield "findings.sarif", json.dumps(sarif.document(view), indent=1) + "\n"
    yield "metrics.prom", prometheus.document(view.night, view.found, view.judgement)
    yield "report.html", page.document(view)


# GitHub shows no more than ten of one step.
MOST_ANNOTATIONS = 10


def annotate(view):
    """Lines that GitHub shows beside the run; elsewhere nobody asked."""
    for finding in [f for f in view.found if f.state != "known"][:MOST_ANNOTATIONS]:
        words = f"{finding.what} Repeat it with: {finding.command}".replace("%", "%25").replace("\n", "%0A")
        print(f"::error title={finding.verdict} ({finding.state})::{words.replace(chr(13), '')}")


def main():
    parser = argparse.ArgumentParser(
        prog="ci/run report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("folder", metavar="DIR", help="the folder of a night, out/nightly say")
    parser.add_argument("--say", action="store_true", help="print the summary")
    parser.add_argument("--out", metavar="DIR", help="write there (default: DIR)")
    choices = parser.parse_args()
    try:
        view = views.View(choices.folder)
    except raw.Unreadable as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    out = pathlib.Path(choices.out or choices.folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in documents(view):
            store.write_text(out / name, text)
            if choices.say and name == "summary.md":
                print("\n" + text, flush=True)
    except (OSError, store.Unwritable) as error:
        print(f"report: {error}", file=sys.stderr)
        return 3
    if choices.say and os.environ.get("GITHUB_ACTIONS"):
        annotate(view)
    if not choices.say:
        print(f"{out}/report.html: {view.judgement.headline}")
    return 0


sys.exit(main())
