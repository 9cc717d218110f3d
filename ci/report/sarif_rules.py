"""What SARIF 2.1.0 demands of the objects that we write: required members, the
words of its enumerations, indices that fit. Not the whole schema, which is
OASIS's and large; against that the files were validated by hand."""

LEVELS = {"none", "note", "warning", "error"}
KINDS = {"notApplicable", "pass", "fail", "review", "open", "informational"}
BASELINES = {"new", "unchanged", "updated", "absent"}
IMPORTANCE = {"important", "essential", "unimportant"}


class Checker:
    def __init__(self):
        self.violations = []

    def say(self, where, what):
        self.violations.append(f"{where}: {what}")

    def message(self, where, value):
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            self.say(where, "a message is an object with a text")

    def one_of(self, where, value, words):
        if value is not None and value not in words:
            self.say(where, f"{value!r} is none of {sorted(words)}")

    def location(self, where, value):
        physical = value.get("physicalLocation")
        if physical is not None:
            uri = physical.get("artifactLocation", {}).get("uri")
            if not isinstance(uri, str) or uri.startswith("/") or " " in uri:
                self.say(where, f"no relative uri: {uri!r}")
            if physical.get("region", {"startLine": 1}).get("startLine", 0) < 1:
                self.say(where, "lines begin at 1")
        elif not value.get("logicalLocations"):
            self.say(where, "a location says where")
        if "message" in value:
            self.message(where, value["message"])

    def flow(self, where, value):
        if not value.get("locations"):
            self.say(where, "a thread flow has locations")
        for i, at in enumerate(value.get("locations", [])):
            self.one_of(where, at.get("importance"), IMPORTANCE)
            if at.get("executionOrder", -1) < 0:
                self.say(where, "an execution order is not negative")
            self.location(f"{where}.locations[{i}]", at["location"])

    def result(self, where, value, rules):
        self.message(where, value.get("message"))
        self.one_of(where, value.get("level"), LEVELS)
        self.one_of(where, value.get("kind"), KINDS)
        self.one_of(where, value.get("baselineState"), BASELINES)
        if value.get("occurrenceCount", 1) < 1:
            self.say(where, "an occurrence count is at least 1")
        if rules and value.get("ruleId") not in rules:
            self.say(where, f"no rule {value.get('ruleId')}")
        for i, location in enumerate(value.get("locations", [])):
            self.location(f"{where}.locations[{i}]", location)
        for flow in value.get("codeFlows", []):
            if not flow.get("threadFlows"):
                self.say(where, "a code flow has thread flows")
            for i, one in enumerate(flow.get("threadFlows", [])):
                self.flow(f"{where}.threadFlows[{i}]", one)

    def run(self, where, value):
        driver = value.get("tool", {}).get("driver", {})
        if not driver.get("name"):
            self.say(where, "a run has tool.driver.name")
        rules = {rule.get("id") for rule in driver.get("rules", [])}
        for invocation in value.get("invocations", []):
            if not isinstance(invocation.get("executionSuccessful"), bool):
                self.say(where, "an invocation says whether it was successful")
        for i, result in enumerate(value.get("results", [])):
            self.result(f"{where}.results[{i}]", result, rules)


def violations(document):
    checker = Checker()
    if document.get("version") != "2.1.0":
        checker.say("log", "the version is 2.1.0")
    if not isinstance(document.get("runs"), list):
        checker.say("log", "a log has runs")
    for i, run in enumerate(document.get("runs", [])):
        checker.run(f"runs[{i}]", run)
    return checker.violations
