"""What earlier nights found: a bucket per signature, and how much each night
searched, so that "not seen" can be told from "fixed".

    new        never seen before
    known      seen before, and not fixed since
    returned   it was fixed, and here it is again
    fixed      seen before, and since then so much was searched that at its rate
               it had shown with 95 % confidence (rate times searched >= 3)
    not seen   seen before, and too little was searched since to say more

A planted bug that the judges found in earlier nights is `lost` when it was missed so
often since then that at its rate this had happened by chance with 5 %.

Searched is counted in rounds, schedules or executions of the signature's scope: kind, lens
and scenario. A signature belongs to a target: a pool, with a mutant or without.
"""

import collections
import json
import pathlib
import sqlite3

ENOUGH = 3.0
CHANCE = 0.05
# Tables of histograms.
MEASURES = ("gaps", "wakes")

SCHEMA = """
create table if not exists night (
  id integer primary key, target text, began text unique, seconds real,
  driver text, commit_name text);
create table if not exists searched (
  night integer, scope text, amount integer, primary key (night, scope));
create table if not exists sighting (
  night integer, signature text, scope text, count integer, verdict text, what text,
  primary key (night, signature, scope));
create table if not exists gaps (
  night integer, scenario text, rescuers text, buckets text,
  primary key (night, scenario, rescuers));
create table if not exists wakes (
  night integer, scenario text, rescuers text, buckets text,
  primary key (night, scenario, rescuers));
create table if not exists scores (
  night integer, bug text, found integer, trials integer, primary key (night, bug));
create table if not exists units (night integer, outcome text, count integer);
"""


def found_and_missed(rows):
    """Trials up to the night that found it last, with those found, and trials since."""
    nights = [found > 0 for _, found, _ in rows]
    since = len(nights) - nights[::-1].index(True) if any(nights) else 0
    found = sum(found for _, found, _ in rows[:since])
    trials = sum(trials for *_, trials in rows[:since])
    # Never found, never lost.
    missed = sum(trials for *_, trials in rows[since:]) if found else 0
    return found, max(trials, 1), missed


class Unusable(Exception):
    """The one line to say."""


class History:
    def __init__(self, folder):
        self.path = pathlib.Path(folder, "history.sqlite")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.base = sqlite3.connect(self.path, timeout=30)
            self.base.executescript(SCHEMA)
            # A folder that can only be read is better known before the night.
            with self.base:
                self.base.execute("pragma user_version = 1")
        except (OSError, sqlite3.Error) as error:
            raise Unusable(f"cannot use the history {self.path}: {error}") from error

    def add(self, night):
        """Puts a night in, or in again: `night` is what facts() returns."""
        try:
            with self.base:
                self._add(night)
        except sqlite3.Error as error:
            raise Unusable(f"cannot write the history {self.path}: {error}") from error

    def _add(self, night):
        run = self.base.execute
        old = run("select id from night where began = ?", (night["began"],)).fetchone()
        if old:
            for table in ("searched", "sighting", *MEASURES, "scores", "units"):
                run(f"delete from {table} where night = ?", old)
            run("delete from night where id = ?", old)
        key = run(
            "insert into night (target, began, seconds, driver, commit_name) values (?, ?, ?, ?, ?)",
            (night["target"], night["began"], night["seconds"], night["driver"], night["commit"]),
        ).lastrowid
        for scope, amount in night["searched"].items():
            run("insert into searched values (?, ?, ?)", (key, scope, amount))
        for s in night["sightings"]:
            row = (key, s["signature"], s["scope"], s["count"], s["verdict"], s["what"])
            run("insert into sighting values (?, ?, ?, ?, ?, ?)", row)
        for table in MEASURES:
            for (scenario, rescuers), buckets in night[table].items():
                run(f"insert into {table} values (?, ?, ?, ?)", (key, scenario, rescuers, json.dumps(buckets)))
        for bug, (found, trials) in night["scores"].items():
            run("insert into scores values (?, ?, ?, ?)", (key, bug, found, trials))
        for outcome, count in night["outcomes"].items():
            run("insert into units values (?, ?, ?)", (key, outcome, count))

    def account(self, target):
        """What the page needs of it: buckets with their state, the nights, and
        what the night before measured. The last night is the one to judge."""
        select = "select id, began, seconds, commit_name from night where target = ? order by began"
        nights = self.base.execute(select, (target,)).fetchall()
        seen, searched = self._seen(nights), self._searched(nights)
        buckets = [bucket(key, by_night, nights, searched) for key, by_night in sorted(seen.items())]
        previous = nights[-2] if len(nights) > 1 else None
        return {
            "nights": [{"began": n[1], "seconds": n[2], "commit": n[3]} for n in nights],
            "buckets": buckets,
            "lost": self._lost(nights),
            "previous": previous and self._previous(*previous[:2]),
        }

    def _seen(self, nights):
        seen = collections.defaultdict(dict)
        for key, *_ in nights:
            select = "select signature, scope, count, verdict, what from sighting where night = ?"
            for signature, scope, count, verdict, what in self.base.execute(select, (key,)):
                seen[signature, scope][key] = (count, verdict, what)
        return seen

    def _searched(self, nights):
        amounts = collections.defaultdict(dict)
        for key, *_ in nights:
            for scope, amount in self.base.execute(
                "select scope, amount from searched where night = ?", (key,)
            ):
                amounts[scope][key] = amount
        return amounts

    def _lost(self, nights):
        """What was planted, once found, and is found no more: one line each."""
        by_bug = collections.defaultdict(list)
        for key, *_ in nights:
            for bug, *counts in self.base.execute(
                "select bug, found, trials from scores where night = ?", (key,)
            ):
                by_bug[bug].append((key, *counts))
        last = nights[-1][0] if nights else None
        return [
            f"{bug}: missed {missed} times of late, and found in {found} of {trials} trials before"
            for bug, rows in sorted(by_bug.items())
            if rows[-1][0] == last
            for found, trials, missed in [found_and_missed(rows)]
            if missed and (1 - found / trials) ** missed <= CHANCE
        ]

    def _previous(self, key, began):
        """What was measured in that night, histogram by histogram."""
        measured = {table: self._measured(table, key) for table in MEASURES}
        return {"began": began, **measured}

    def _measured(self, table, key):
        select = f"select scenario, rescuers, buckets from {table} where night = ?"
        return [
            {"scenario": scenario, "rescuers": rescuers, "buckets": json.loads(buckets)}
            for scenario, rescuers, buckets in self.base.execute(select, (key,))
        ]


def bucket(key, by_night, nights, searched):
    """One signature in one scope, night after night."""
    signature, scope = key
    amounts = searched.get(scope, {})
    state = ""
    count = amount = since = 0
    series = []
    for night, *_ in nights:
        here = by_night.get(night, (0, "", ""))[0]
        looked = amounts.get(night, 0)
        series.append([here, looked])
        amount += looked
        if here:
            state = "new" if not state else "returned" if state == "fixed" else "known"
            count += here
            since = 0
        elif state:
            since += looked
            rate = count / max(1, amount - since)
            if state != "fixed":
                state = "fixed" if rate * since >= ENOUGH else "not seen"
    met = [night[1] for night in nights if night[0] in by_night]
    last = by_night[max(by_night)]
    return {
        "signature": signature,
        "scope": scope,
        "state": state,
        "count": count,
        "searched": amount,
        "rate": count / amount if amount else None,
        "first_seen": met[0],
        "last_seen": met[-1],
        "verdict": last[1],
        "what": last[2],
        "nights": series,
    }
