"""report.html: one file, everything in it. sections.py has what it says."""

import json
import pathlib

import finding_page
import markup as html
import sections
import svg

HERE = pathlib.Path(__file__).resolve().parent

SECTIONS = (
    ("verdict", "Verdict", sections.verdict),
    ("findings", "Findings", sections.findings),
    ("latency", "Conservation gap and wake latency", sections.latency),
    ("judges", "How good the judges are", sections.judges),
    ("coverage", "Coverage and saturation", sections.coverage),
    ("units", "Units and environment", sections.units),
)


def asset(name):
    return (HERE / name).read_text(encoding="utf-8")


def embedded(value):
    """JSON that cannot end the script that it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def document(view):
    parts, links = [], []
    for anchor, title, section in SECTIONS:
        links.append(html.tag("a", title, href=f"#{anchor}"))
        inside = section(view)
        heading = html.tag("h2", title) if anchor != "verdict" else ""
        parts.append(html.tag("section", heading, inside, id=anchor))
        if anchor == "findings":
            for found in view.shown():
                body = finding_page.page(view, found)
                parts.append(html.tag("section", body, id=found.anchor, class_="finding"))
    began = view.night.night["began"][:16].replace("T", " ") + " UTC"
    title = f"Reveille: {view.judgement.headline}"
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            # No request ever, also not for an icon.
            '<link rel="icon" href="data:,">',
            html.tag("title", html.escaped(title)),
            html.tag("style", asset("vendor/uPlot.min.css"), asset("page.css")),
            "</head><body>",
            svg.arrow_heads(),
            html.tag("header", html.tag("b", "Reveille"), html.escaped(f" {began}"), html.tag("nav", *links)),
            html.tag("main", *parts),
            f'<script type="application/json" id="data">{embedded(view.data())}</script>',
            html.tag("script", asset("vendor/uPlot.iife.min.js")),
            html.tag("script", asset("page.js")),
            "</body></html>\n",
        )
    )
