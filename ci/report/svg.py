"""Drawings by hand: the timeline of a finding, the Gantt of the units, bars and
steps. Colours are classes, so that light, dark and paper are the style sheet's."""

from xml.sax.saxutils import escape, quoteattr

NAMES, LEFT, TOP, ROW, COLUMN = 128, 4, 26, 24, 13
COUNTER = 34


def text(x, y, words, style="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(words)}</text>'


def box(x, y, width, height, style, title=""):
    inside = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" '
        f'class="{style}" rx="2">{inside}</rect>'
    )


def line(x0, y0, x1, y1, style):
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" class="{style}"/>'


def picture(width, height, parts, label):
    return (
        f'<svg role="img" aria-label={quoteattr(label)} width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">{"".join(parts)}</svg>'
    )


def timeline(model):
    """Two pictures, so that the names stay where they are when the other moves."""
    lanes_end = TOP + len(model.lanes) * ROW
    names = [
        text(NAMES - 6, TOP + i * ROW + ROW / 2 + 4, lane.name, f"name {lane.sort}", "end")
        for i, lane in enumerate(model.lanes)
    ]
    names += [
        text(NAMES - 6, lanes_end + 12 + i * COUNTER + COUNTER - 12, name, "name", "end")
        for i, (name, _) in enumerate(model.counters)
    ]
    height = lanes_end + len(model.counters) * COUNTER + 24
    left = picture(NAMES, height, names, "Names of the lanes")
    return f'<div class="timeline">{left}<div class="scroll to-the-end">{events(model)}</div></div>'


def events(model):
    width = LEFT + (model.length + 1) * COLUMN
    lanes_end = TOP + len(model.lanes) * ROW
    height = lanes_end + len(model.counters) * COUNTER + 24

    def x(at):
        return LEFT + at * COLUMN

    def y(lane):
        return TOP + lane * ROW

    parts = []
    for at, words in model.ticks:
        parts += [line(x(at), TOP - 4, x(at), lanes_end, "tick"), text(x(at), TOP - 9, words, "small")]
    for i, lane in enumerate(model.lanes):
        parts += draw_lane(lane, x, y(i), width)
    for at in model.breaks:
        parts.append(line(x(at), TOP - 6, x(at), height - 20, "break"))
    for edge in sorted(model.edges, key=lambda edge: ("wake", "also missed", "missed").index(edge[5])):
        parts.append(draw_edge(edge, x, y))
    for i, (name, series) in enumerate(model.counters):
        parts += draw_counter(name, series, x, lanes_end + 12 + i * COUNTER, model.length)
    return picture(width, height, parts, model.caption)


def arrow_heads():
    """Once for the whole page: ids are the page's."""
    heads = "".join(
        f'<marker id="head-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="head {name}"/></marker>'
        for name in ("wake", "missed")
    )
    return f'<svg width="0" height="0" class="heads" aria-hidden="true"><defs>{heads}</defs></svg>'


def draw_lane(lane, x, top, width):
    yield line(LEFT, top + ROW / 2, width, top + ROW / 2, "lane")
    for begin, end, style, words in lane.spans:
        yield box(x(begin), top + 5, x(end) - x(begin), ROW - 10, f"span {style}", words)
    for at, style, words in lane.marks:
        sort = style.split()[0]
        yield box(x(at) + 2, top + 3, COLUMN - 4, ROW - 6, f"mark {sort}", words)
        if "preempts" in style:
            left, low = x(at) + COLUMN / 2, top + 2
            yield f'<path d="M{left - 4:.1f} {low - 5:.1f}h8l-4 6z" class="preempts"><title>preempts</title></path>'


def draw_edge(edge, x, y):
    from_lane, from_at, to_lane, to_at, words, style = edge
    x0, x1 = x(from_at) + COLUMN / 2, x(to_at) + COLUMN / 2
    down = to_lane > from_lane
    y0 = y(from_lane) + ROW / 2 + (5 if down else -5)
    y1 = y(to_lane) + ROW / 2 + (-8 if down else 8)
    if from_lane == to_lane:
        y0 = y1 = y(from_lane) + 4
    bend = (x1 - x0) / 2
    head = style.split()[-1]
    parts = [
        f'<path d="M{x0:.1f} {y0:.1f}C{x0 + bend:.1f} {y0:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}" '
        f'class="edge {style}" marker-end="url(#head-{head})"><title>{escape(words)}</title></path>'
    ]
    if style == "missed":
        # Beside the head, which is where the eye is.
        parts.append(text(max((x0 + x1) / 2, x1 - 22), y1 + 6, "\u2715", "cross", "middle"))
    return "".join(parts)


def draw_counter(name, series, x, top, length):
    high = max([value for _, value in series] + [1])
    low = top + COUNTER - 8

    def level(value):
        return low - value / high * (COUNTER - 14)

    points, value = [], series[0][1] if series else 0
    points.append(f"{x(0):.1f},{level(value):.1f}")
    for at, after in series:
        points += [f"{x(at):.1f},{level(value):.1f}", f"{x(at):.1f},{level(after):.1f}"]
        value = after
    points.append(f"{x(length):.1f},{level(value):.1f}")
    yield line(LEFT, low, x(length), low, "lane")
    yield f'<polyline points="{" ".join(points)}" class="counter"><title>{escape(name)}</title></polyline>'
    yield text(x(length) - 2, level(value) - 2, str(value), "small", "end")


def gantt(rows, seconds):
    """`rows`: [(worker, from, to, class, words)], in seconds; a row per worker."""
    workers = max([row[0] for row in rows] + [0]) + 1
    width, left = 1000.0, 8
    scale = (width - 6 * left) / max(seconds, 1)
    parts = []
    step = next((s for s in (5, 10, 30, 60, 300, 600, 1800, 3600, 7200) if seconds / s <= 12), 14400)
    for tick in range(0, int(seconds) + 1, step):
        at = left + tick * scale
        words = f"{tick} s" if step < 60 else f"{tick // 60} min"
        parts += [line(at, 16, at, 18 + workers * 26, "tick"), text(at + 2, 11, words, "small")]
    for worker, begin, end, style, words in rows:
        parts.append(
            box(left + begin * scale, 20 + worker * 26, (end - begin) * scale, 20, f"unit {style}", words)
        )
    return picture(width, 24 + workers * 26, parts, "Units over time")


def stripes(series):
    """Nights as small boxes: [(class, words)], the last one to the right."""
    parts = [box(i * 9, 1, 7, 14, f"night {style}", words) for i, (style, words) in enumerate(series)]
    return picture(max(9 * len(series), 9), 16, parts, "Nights")
