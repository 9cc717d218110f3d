"""junit.xml: a test case per unit, a failure per signature that it met, an
error where the tool itself failed."""

import xml.etree.ElementTree as xml

import judgement
import tally


def clean(text):
    """Without what XML 1.0 cannot hold."""
    return "".join(
        c if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "?"
        for c in text
    )


def add_case(suite, unit):
    case = xml.SubElement(
        suite,
        "testcase",
        name=f"{unit['number']:04d} {unit['title']}",
        classname=f"nightly.{unit['kind']}.{unit['lens']}",
        time=f"{unit.took:.3f}",
    )
    properties = xml.SubElement(case, "properties")
    for name in ("seed", "attempt", "outcome"):
        xml.SubElement(properties, "property", name=name, value=str(unit[name]))
    for verdict in tally.verdicts(unit.runs):
        failure = xml.SubElement(case, "failure", type=verdict["verdict"], message=clean(verdict["what"]))
        failure.text = clean(f"signature {verdict['signature']}\n{verdict.get('command', '')}")
    if unit["outcome"] in judgement.INFRASTRUCTURE:
        error = xml.SubElement(case, "error", type=unit["outcome"], message=clean(unit["why"]))
        error.text = clean(" ".join(unit["command"]))
    elif unit["outcome"] == "skipped":
        xml.SubElement(case, "skipped", message=clean(unit["why"]))


def document(night):
    root = xml.Element("testsuites", name="reveille nightly")
    for kind, lens in dict.fromkeys((unit["kind"], unit["lens"]) for unit in night.units):
        units = [u for u in night.units if (u["kind"], u["lens"]) == (kind, lens)]
        suite = xml.SubElement(root, "testsuite", name=f"{kind} {lens}", tests=str(len(units)))
        for unit in units:
            add_case(suite, unit)
        suite.set("failures", str(len(suite.findall("testcase[failure]"))))
        suite.set("errors", str(len(suite.findall("testcase[error]"))))
        suite.set("skipped", str(len(suite.findall("testcase[skipped]"))))
        suite.set("time", f"{sum(unit.took for unit in units):.3f}")
    xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"
