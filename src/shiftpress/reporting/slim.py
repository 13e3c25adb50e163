"""Fewer elements for the same picture: a browser reads, styles and keeps every one of them, seen or not."""

import re
from collections import Counter

TAG = re.compile(r"<(/?)g\b([^>]*)(?<!/)>")
EMPTY = re.compile(r"<g\b[^>]*/>")
DEFINED = re.compile(r'<defs><path id="([^"]*)" ([^>]*)/></defs>')
USED = re.compile(r'<use xlink:href="#([^"]*)"([^>]*)/>')
UNSEEN = re.compile(r'<path d="[^"]*" fill="none"/>')
GRID = r'<path d="[^"]*"(?: clip-path="[^"]*")? fill="none" stroke="#808080" stroke-opacity="0\.3[^>]*/>'
GRIDS = re.compile(rf"(?:(?:{GRID})(?:<text[^>]*>[^<]*</text>)*){{2,}}")
SIZE = ' font-size="10px"'
"""Of most letters: said once, at the root."""


def slim(text: str) -> str:
    """Matplotlib's SVG without groups that say nothing, what is not painted, and pictures that are used but once.

    Lines of a grid that stand together become one path.
    """
    text = _ungrouped(EMPTY.sub("", UNSEEN.sub("", text)))
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = _in_place(text)
    text = GRIDS.sub(_joined, text)
    text = re.sub(r'(<text[^>]*) fill="currentColor"', r"\1", text).replace(SIZE, "")
    head, rest = text.split(">", 1)
    return f'{head}{SIZE} fill="currentColor">{rest}'


def _ungrouped(text: str) -> str:
    """Without groups that have no attribute, or the same as the one before."""
    kept: list[bool] = []

    def tag(found: re.Match[str]) -> str:
        if not found[1]:
            kept.append(bool(found[2].strip()))
            return found[0] if kept[-1] else ""
        return found[0] if kept.pop() else ""

    text = TAG.sub(tag, text)
    # of two that stand together and are cut alike, one
    for cut in set(re.findall(r'<g (clip-path="[^"]*")>', text)):
        text = text.replace(f"</g><g {cut}>", "")
    return text


def _in_place(text: str) -> str:
    """With what is used once standing where it is used."""
    uses = Counter(name for name, _ in USED.findall(text))
    once = {name: look for name, look in DEFINED.findall(text) if uses[name] == 1}
    text = DEFINED.sub(lambda found: "" if found[1] in once else found[0], text)

    def put(found: re.Match[str]) -> str:
        if found[1] not in once:
            return found[0]
        used = dict(re.findall(r' ([\w-]+)="([^"]*)"', found[2]))
        moved = {"transform": f"translate({used.pop('x', 0)} {used.pop('y', 0)})"}
        own = dict(re.findall(r'([\w-]+)="([^"]*)"', once[found[1]]))
        return "<path " + " ".join(f'{name}="{value}"' for name, value in (used | own | moved).items()) + "/>"

    return USED.sub(put, text)


def _joined(found: re.Match[str]) -> str:
    """One path, which needs no clipping, before the words."""
    lines, words = re.findall(GRID, found[0]), re.findall(r"<text[^>]*>[^<]*</text>", found[0])
    line = re.sub(r' clip-path="[^"]*"', "", lines[0])
    ways = "".join(re.findall(r' d="([^"]*)"', "".join(lines)))
    return re.sub(r' d="[^"]*"', f' d="{ways}"', line) + "".join(words)
