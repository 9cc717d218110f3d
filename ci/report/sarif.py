"""findings.sarif, SARIF 2.1.0: a result per signature. For a schedule that was
chosen, threadFlows carry the interleaving: a flow per thread, the order of
execution across them."""

import story as stories

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

RULES = {
    "idle-worker-with-runnable-work": "Work is runnable, a worker is idle, and nobody is on the way to wake it.",
    "lost-task": "A submitted task never ran.",
    "double-run": "A task ran twice.",
    "deadlock": "Nothing can move any more.",
    "partial-deadlock": "Threads were left behind that nothing can wake.",
    "rescued": "Work moved on only because time passed.",
    "livelock": "Threads spin without end.",
    "late-timer": "A timer was past due while a worker was idle.",
    "lost-event": "A descriptor's readiness reached nobody.",
    "counter-drift": "The pool's own counters do not say what is so.",
    "check-failed": "A check of the workload or of the pool failed.",
    "crash": "The process died.",
    "broken-promise": "A structure does not do what its model does.",
    "undefined-behaviour": "UndefinedBehaviorSanitizer reported.",
    "address": "AddressSanitizer reported.",
    "leak": "LeakSanitizer reported.",
    "thread": "ThreadSanitizer reported.",
    "limit": "A fuzz target ran out of its time or memory.",
    "step-limit": "A schedule did not come to an end.",
}
# More of an interleaving than this makes no viewer happy.
MOST_STEPS = 400


def text(words):
    return {"text": words}


def physical(view, file, line):
    place = {"artifactLocation": {"uri": view.sources.relative(file), "uriBaseId": "SRCROOT"}}
    # Code that the compiler made has no line of its own.
    return place | ({"region": {"startLine": line}} if line > 0 else {})


def location_of(view, step):
    file, line, function = step.place()
    location = {"message": text(f"{step.thread} {step.what}")}
    if file:
        location["physicalLocation"] = physical(view, file, line)
        location["logicalLocations"] = [{"fullyQualifiedName": function, "kind": "function"}]
    return location


def thread_flows(view, story):
    steps = [step for step in story.steps if step.place()[0]][-MOST_STEPS:]
    missed = {m.step: m for m in story.missed}
    flows = []
    for thread in story.threads():
        locations = []
        for step in steps:
            if step.thread == thread:
                important = step.preempts or step.number in missed or step.sort in ("wait", "wake")
                locations.append(
                    {
                        "executionOrder": step.number,
                        "importance": "essential" if important else "unimportant",
                        "location": location_of(view, step),
                    }
                )
        if locations:
            flows.append({"id": thread, "message": text(thread), "locations": locations})
    return flows


def places_of(view, finding, story):
    """Where to look first: the missed wakeup, or the last thing that a thread
    did; without a story, what the state says."""
    if story:
        for missed in reversed(story.missed):
            match = stories.PLACE.match(missed.where)
            if match:
                return [
                    {
                        "physicalLocation": physical(view, match[1], int(match[2])),
                        "message": text(f"missed wakeup, {missed.why}: {missed.waker} {missed.rest}"),
                    }
                ]
        for step in reversed(story.steps):
            if step.place()[0]:
                return [location_of(view, step)]
    where = f"{finding.kind} {', '.join(finding.scenarios)}"
    return [{"logicalLocations": [{"fullyQualifiedName": where, "kind": "module"}]}]


def result_of(view, finding):
    words = finding.text("story.txt")
    story = stories.parse(words) if words else None
    message = f"{finding.what} Seen {finding.sightings} times. Repeat it with: {finding.command}"
    result = {
        "ruleId": finding.verdict,
        "level": "error",
        "kind": "fail",
        "message": text(message),
        "locations": places_of(view, finding, story),
        "partialFingerprints": {"reveilleSignature/v1": finding.signature},
        "baselineState": "unchanged" if finding.state == "known" else "new",
        "occurrenceCount": max(1, finding.sightings),
        "properties": {
            "scenarios": finding.scenarios,
            "lenses": finding.lenses,
            "state": finding.state,
            "command": finding.command,
        },
    }
    flows = thread_flows(view, story) if story else []
    if flows:
        result["codeFlows"] = [{"message": text("The interleaving"), "threadFlows": flows}]
    return result


def document(view):
    night = view.night.night
    rules = sorted({finding.verdict for finding in view.found})
    driver = {
        "name": "reveille",
        "semanticVersion": version_of(night),
        "rules": [{"id": rule, "shortDescription": text(RULES.get(rule, rule))} for rule in rules],
    }
    invocation = {
        "executionSuccessful": night.get("status", 0) in (0, 1),
        "startTimeUtc": night["began"],
        "exitCode": night.get("status", 0),
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"nightly/{view.night.target.replace(' ', '-')}/"},
                "invocations": [invocation],
                "originalUriBaseIds": {"SRCROOT": {"description": text("The root of the source tree")}},
                "columnKind": "utf16CodeUnits",
                "results": [result_of(view, finding) for finding in view.found],
            }
        ],
    }


def version_of(night):
    """Of "reveille 0.1.0 (Clang ...)"."""
    words = night["machine"].get("driver", "").split()
    return words[1] if len(words) > 1 else "0.0.0"
