"""Small pieces of HTML; everything that is not markup is escaped here."""

from html import escape as escaped


def attribute(name, value):
    return "" if value is None or value == "" else f' {name.rstrip("_")}="{escaped(str(value))}"'


def tag(name, *inside, **attributes):
    """Strings in `inside` are markup already."""
    opening = name + "".join(attribute(key, value) for key, value in attributes.items())
    return f"<{opening}>{''.join(inside)}</{name}>"


def table(head, rows, style=""):
    """`head`: names, "#name" for numbers; `rows`: lists of markup."""
    right = ["num" if name.startswith("#") else "" for name in head]
    first = "".join(tag("th", escaped(n.lstrip("#")), class_=r) for n, r in zip(head, right))
    body = "".join(
        tag("tr", *(tag("td", str(cell), class_=r) for cell, r in zip(row, right))) for row in rows
    )
    inner = tag("table", tag("thead", tag("tr", first)), tag("tbody", body), class_=style)
    return tag("div", inner, class_="scroll")


def command(words):
    """A command with a button that copies it."""
    if not words:
        return ""
    button = tag("button", "copy", type="button", class_="copy", title="Copy the command")
    return tag("div", tag("code", escaped(words)), button, class_="command")


def more(summary, inside, opened=False):
    start = "<details open>" if opened else "<details>"
    return f"{start}{tag('summary', escaped(summary))}{inside}</details>"


def chip(words, style=""):
    return tag("span", escaped(str(words)), class_=f"chip {style or words}".strip())


def figure(number, words, style=""):
    return tag("div", tag("b", escaped(str(number))), tag("span", escaped(words)), class_=f"figure {style}")
