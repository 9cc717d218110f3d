"""What explore has found is repeated by its own command before it counts: a
finding that does not repeat says something about the lens, not about the pool.
A turn of a fuzz target has repeated its own. Findings on real threads have a rate
instead."""

import kinds

TIMES = 3
# A schedule takes milliseconds; a driver that needs longer does not repeat it.
LIMIT_SECONDS = 60


class Replays:
    """The replays of one unit, one after the other."""

    def __init__(self, unit, said, folder, choices):
        self.counts = {}  # signature -> [the same again, tried]
        self._todo = []
        self._at_hand = None
        if unit.kind == "fuzz":
            repeats = {v["signature"]: v.get("repeats") or {} for r in said for v in r.get("verdicts", [])}
            self.counts = {s: [counts.get("same", 0), counts.get("of", 0)] for s, counts in repeats.items()}
        if unit.kind != "explore":
            return
        driver = kinds.driver(choices.build_root, unit.lens)
        for record in said:
            for verdict in record.get("verdicts", []):
                finding = folder / (verdict.get("folder") or f"finding-{verdict['signature']}")
                if finding.is_dir():
                    self.counts[verdict["signature"]] = [0, 0]
                    self._todo += [(verdict["signature"], [driver, "replay", str(finding)])] * TIMES

    def next_command(self):
        """None when all are done."""
        if not self._todo:
            return None
        self._at_hand, words = self._todo.pop(0)
        return words

    def ended(self, end, said):
        """`replay` ends as the finding did, and says whether it was the same."""
        count = self.counts[self._at_hand]
        count[0] += end.status == 1 and not end.why and "the same" in said
        count[1] += 1
