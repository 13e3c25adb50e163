"""An editor for the site's file, which writes into it what the test Slurm is: `python edit_site.py FILE`."""

import sys
from pathlib import Path

POLL_S = 2
"""Between two looks at the queue."""
LINES = {
    "partition:  ": "partition: main",
    "longest_minutes: 1440": "longest_minutes: 120",
    "largest_mb: 128000": "largest_mb: 8000",
    "poll_seconds: 20": f"poll_seconds: {POLL_S}",
}


def edit(site: Path) -> None:
    """Replace the beginnings of these lines."""
    text = site.read_text()
    for old, new in LINES.items():
        at = text.index(f"\n{old}") + 1
        text = text[:at] + new + text[at + len(old) :]
    site.write_text(text)


if __name__ == "__main__":
    edit(Path(sys.argv[1]))
