"""The tables of an HTML page, as a reader sees them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Cell:
    """Its text, and whether it is a number's."""

    number: bool
    head: bool
    text: str = ""


@dataclass
class Table:
    """Where it stands, its rows, of which the first is the head, and at which severities, if that can be chosen."""

    section: str
    claim: str
    rows: list[list[Cell]] = field(default_factory=list)
    at: str = ""

    @property
    def heads(self) -> list[str]:
        """Texts of the first row."""
        return [cell.text for cell in self.rows[0]]


class Tables(HTMLParser):
    """Collects them from a whole page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Table] = []
        self._section, self._claim, self._at, self._cell = "", "", "", None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        classes = (said.get("class") or "").split()
        if tag == "section":
            self._section, self._claim = said["id"], ""
        elif tag == "details":
            self._claim = said["id"] if "claim" in classes else ""
        elif tag == "div" and "at" in classes:
            self._at = said["data-name"]
        elif tag == "table":
            self.found.append(Table(self._section, self._claim, at=self._at))
            self._at = ""
        elif tag == "tr":
            self.found[-1].rows.append([])
        elif tag in ("td", "th"):
            self._cell = Cell("num" in classes, tag == "th")
            self.found[-1].rows[-1].append(self._cell)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell.text = " ".join(self._cell.text.split())
            self._cell = None

    def handle_data(self, data):
        if self._cell:
            self._cell.text += data
