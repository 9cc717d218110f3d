"""How often sanitizers left something out because somebody has told them to: what
each process says of it at its end, summed."""

import re

# ThreadSanitizer counts its rules and then lists them, as "hits rule"; the leak
# checker of AddressSanitizer has a table, as "count bytes template".
MATCHED = re.compile(r"ThreadSanitizer: Matched (\d+) suppressions")
OF_THREADS = re.compile(r"\s*(\d+)\s+(\S.*)")
OF_LEAKS = re.compile(r"\s*(\d+)\s+\d+\s+(\S.*)")
TABLE = "Suppressions used:"
LENSES = ("tsan", "asan")


def hits(night):
    """{rule: hits}; None of a night without such a lens."""
    found = {}
    units = [unit for unit in night.units if unit["lens"] in LENSES]
    for unit in units:
        try:
            text = (unit.folder / "stderr.txt").read_text(errors="replace")
        except OSError:
            continue
        for rule, count in said(text):
            found[rule] = found.get(rule, 0) + count
    return found if units else None


def said(text):
    """(rule, hits) of each line that tells of one."""
    left, in_table = 0, False
    for line in text.splitlines():
        matched = MATCHED.search(line)
        if matched:
            left = int(matched[1])
        elif left:
            left -= 1
            if one := OF_THREADS.fullmatch(line):
                yield one[2], int(one[1])
        elif line.strip() == TABLE:
            in_table = True
        elif in_table:
            one = OF_LEAKS.fullmatch(line)
            if one:
                yield f"leak:{one[2]}", int(one[1])
            in_table = bool(one) or line.split() == ["count", "bytes", "template"]
