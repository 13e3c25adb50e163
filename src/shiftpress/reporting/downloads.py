"""Tables as files that the page itself holds: links that need neither a script nor a server."""

import base64
import re

import pandas as pd

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "–": "--", "−": "$-$", "±": r"$\pm$", "≈": r"$\approx$", "×": r"$\times$",
}  # fmt: skip
_SPECIAL = re.compile("|".join(map(re.escape, LATEX)))


def csv(table: pd.DataFrame) -> str:
    """A table as a link to a CSV file."""
    return _link("text/csv", table.to_csv(index=False, lineterminator="\n"))


def latex(heads: list[str], rows: list[list[str]], caption: str) -> str:
    """A table of words as a link to a LaTeX file: booktabs, over as many pages as it takes. The first two are words."""
    columns = "ll" + "r" * (len(heads) - 2)
    lines = [
        "% needs \\usepackage{booktabs,longtable}; fits A4 with margins of 2 cm",
        "\\begingroup\\scriptsize\\setlength{\\tabcolsep}{3pt}",
        f"\\begin{{longtable}}{{{columns}}}",
        f"\\caption{{{escaped(caption)}}}\\\\",
        "\\toprule",
        _line(heads),
        "\\midrule",
        "\\endhead",
        "\\bottomrule",
        "\\endfoot",
        *map(_line, rows),
        "\\end{longtable}",
        "\\endgroup",
    ]
    return _link("application/x-tex", "\n".join(lines) + "\n")


def escaped(text: str) -> str:
    """As LaTeX prints it."""
    return _SPECIAL.sub(lambda found: LATEX[found[0]], text)


def _line(cells: list[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def _link(kind: str, text: str) -> str:
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"
