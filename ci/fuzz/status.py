"""What the campaign says while it goes on, and its summary."""

import time

import progress  # of ci/nightly

# Off a terminal, where no turn ends for a while.
SAY_EVERY_SECONDS = 30


def rate_of(executions, seconds):
    return executions / seconds if seconds > 0 else 0


class Status:
    def __init__(self):
        self._progress = progress.Progress(0)
        self._said = time.monotonic()
        self._looked = 0

    def say(self, text):
        self._progress.line(f"fuzz: {text}")
        self._said = time.monotonic()

    def turn(self, campaign, came, added, death):
        rate = rate_of(came.executions, came.seconds)
        text = f"{came.target.name:20s} {came.seconds:4.0f} s {came.executions:9d} runs {rate:6.0f}/s"
        self._progress.line(
            f"[{progress.clock(campaign.left())} left] {text}  {came.cov} edges, {came.features} features, +{added} inputs"
        )
        if came.failure:
            self._progress.line(f"    failed: {came.failure}")
        if death:
            self._progress.line("    " + self._colored(death))
        self._said = time.monotonic()

    def show(self, campaign):
        now = time.monotonic()
        if now - self._looked < 1:
            return
        self._looked = now
        names = ", ".join(running.target.name for running in campaign.running)
        text = (
            f"{progress.clock(campaign.elapsed())} gone, {progress.clock(campaign.left())} left, "
            f"{campaign.rate()} runs/s, {len(campaign.findings.met)} findings; {names}"
        )
        if self._progress.terminal:
            self._progress.bottom_line(text)
        elif now - self._said >= SAY_EVERY_SECONDS:
            self.say(text)

    def _colored(self, text):
        return f"\033[31m{text}\033[0m" if self._progress.color else text


def summary(lines, seconds, interrupted):
    """As Markdown, which reads well as it is."""
    rows = ["| target | s | runs | runs/s | edges | features | inputs | |", "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"]
    for line in lines:
        corpus = line["corpus"]
        said = line["outcome"] + (f": {line['error']}" if line["error"] else "")
        rate = rate_of(line["executions"], line["seconds"])
        rows.append(
            f"| {line['target']} | {line['seconds']:.0f} | {line['executions']} | {rate:.0f} | {line['edges']} "
            f"| {line['features']} | {corpus['before']} to {corpus['after']} | {said} |"
        )
    found = {v["signature"]: v for line in lines for v in line["verdicts"]}
    rows += ["", *(f"- FOUND {v['verdict']}: {v['what']} (finding-{s}, {v['target']})" for s, v in found.items())]
    executions = sum(line["executions"] for line in lines)
    rows.append(
        f"{'Interrupted; ' if interrupted else ''}{len(found)} finding{'s'[: len(found) != 1]} in {executions} runs of "
        f"{len(lines)} targets, {seconds:.0f} s."
    )
    return "\n".join(rows) + "\n"
