// Tables are sorted, searched, and given as CSV and as LaTeX (booktabs).
(() => {
  const MANY = 8;
  const cellText = (cell) => words(cell).replace(/−/g, "-");
  const value = (cell) => {
    const found = cellText(cell).match(/^<?\s*-?\d[\d ]*(\.\d+)?(e-?\d+)?/);
    return found ? parseFloat(found[0].replace(/[< ]/g, "")) : null;
  };

  const order = (table, column, down) => {
    for (const body of table.tBodies) {
      const rows = Array.from(body.rows).filter((row) => !row.classList.contains("group"));
      const keys = new Map(rows.map((row) => [row, [value(row.cells[column]), cellText(row.cells[column])]]));
      const numbers = rows.every((row) => keys.get(row)[0] !== null || /^[–\s]*$|^none/.test(keys.get(row)[1]));
      rows.sort((one, two) => {
        const [a, b] = [keys.get(one), keys.get(two)];
        if (numbers && (a[0] === null || b[0] === null)) return (a[0] === null) - (b[0] === null);
        const first = numbers ? a[0] - b[0] : a[1].localeCompare(b[1], "en", { numeric: true });
        return down ? -first : first;
      });
      body.append(...rows);
    }
    Array.from(table.tHead.rows[0].cells).forEach((head, place) => {
      if (place === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };

  const matrix = (table) => {
    const shown = (cell) => getComputedStyle(cell).display !== "none";
    const heads = Array.from(table.tHead.rows[0].cells);
    const kept = heads.map(shown);
    const rows = [];
    for (const body of table.tBodies)
      for (const row of body.rows)
        if (!row.classList.contains("group") && !row.hidden && shown(row))
          rows.push(Array.from(row.cells).filter((_, place) => kept[place]));
    return [heads.filter((_, place) => kept[place]), rows];
  };

  // mean, half of the interval and number of seeds get columns of their own
  const csv = (table) => {
    const [heads, rows] = matrix(table);
    const halves = heads.map((_, place) => rows.some((row) => row[place] && row[place].querySelector(".pm[data-n]")));
    const quoted = (text) => {
      const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? "'" + text : text;
      return /[",\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
    };
    const line = (cells) => cells.map(quoted).join(",");
    const named = heads.flatMap((head, place) => {
      const name = words(head);
      return halves[place] ? [name, name + " ±", name + " n"] : [name];
    });
    const lines = rows.map((row) =>
      line(
        row.flatMap((cell, place) => {
          if (!halves[place]) return [cellText(cell).replace(/^–$/, "")];
          const half = cell.querySelector(".pm[data-n]");
          const mean = value(cell);
          return [mean === null ? "" : String(mean), half ? cellText(half).replace(/[± ]/g, "") : "",
            half ? half.dataset.n : ""];
        }),
      ),
    );
    return [line(named), ...lines].join("\n") + "\n";
  };

  const LATEX = {
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", _: "\\_", "{": "\\{", "}": "\\}",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
    "–": "--", "−": "$-$", "±": "$\\pm$", "≈": "$\\approx$", "×": "$\\times$",
  };
  const escaped = (text) => text.replace(/[\\&%$#_{}~^<>–−±≈×]/g, (character) => LATEX[character]);
  const latex = (table, caption) => {
    const [heads, rows] = matrix(table);
    const cell = (one) => (one.querySelector("strong") ? "\\textbf{" + escaped(words(one)) + "}" : escaped(words(one)));
    const line = (cells) => cells.map(cell).join(" & ") + " \\\\";
    const columns = heads.map((head) => (head.classList.contains("num") ? "r" : "l")).join("");
    return ["% needs \\usepackage{booktabs}", "\\begin{table}", "\\caption{" + escaped(caption) + "}",
      "\\begin{tabular}{" + columns + "}", "\\toprule", line(heads), "\\midrule", ...rows.map(line), "\\bottomrule",
      "\\end{tabular}", "\\end{table}", ""].join("\n");
  };

  // a long name may be broken behind its slashes, not within a word
  const breakable = (head) => {
    const parts = head.textContent.split("/");
    if (parts.length > 1 && !head.children.length)
      head.replaceChildren(...parts.flatMap((part, place) => (place ? ["/", make("wbr"), part] : [part])));
  };

  const enhance = (table, place) => {
    every("tbody th[scope=row]", table).forEach(breakable);
    const key = "t" + place;
    const region = table.closest(".scroll");
    const caption = region ? region.getAttribute("aria-label") || words(region.previousElementSibling || table) : "";
    const count = Array.from(table.tBodies).reduce((sum, body) => sum + body.rows.length, 0);
    const name = (caption.toLowerCase().replace(/[^a-z0-9]+/g, "-") || "table").slice(0, 60);
    const bar = make("div", { className: "bar" });
    const save = () => {
      const head = table.querySelector("[aria-sort]");
      const sorted = head ? "s" + head.cellIndex + (head.getAttribute("aria-sort") === "descending" ? "d" : "a") : "";
      const sought = search ? search.value : "";
      state.set(key, sorted || sought ? sorted + "~" + sought : "");
    };
    let search = null;
    const filter = () => {
      const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let seen = 0;
      for (const body of table.tBodies)
        for (const row of body.rows) {
          if (row.classList.contains("group")) continue;
          const text = words(row).toLowerCase();
          row.hidden = !sought.every((word) => text.includes(word));
          seen += !row.hidden;
        }
      status.textContent = sought.length ? seen + " rows" : "";
    };
    const status = make("span", { className: "found" });
    status.setAttribute("role", "status");
    if (count > MANY && !table.classList.contains("board")) {
      search = make("input", { type: "search", placeholder: "Search rows", size: 14 });
      search.setAttribute("aria-label", "Search in: " + (caption || "table"));
      search.addEventListener("input", () => {
        filter();
        save();
      });
      bar.append(search, status);
    }
    for (const [label, kind, ending, text] of [
      ["CSV", "text/csv", "csv", () => csv(table)],
      ["LaTeX", "application/x-tex", "tex", () => latex(table, caption)],
    ]) {
      const button = make("button", { type: "button", textContent: label });
      button.setAttribute("aria-label", label + " of: " + (caption || "table"));
      button.addEventListener("click", () => download(name + "." + ending, kind, text()));
      bar.append(button);
    }
    if (region) region.before(bar);
    else table.before(bar);
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = make("button", { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        order(table, column, head.getAttribute("aria-sort") === "ascending");
        save();
      });
    });
    const [sorted, sought] = state.get(key).split("~");
    const wanted = (sorted || "").match(/^s(\d+)([ad])$/);
    if (wanted && wanted[1] < table.tHead.rows[0].cells.length) order(table, +wanted[1], wanted[2] === "d");
    if (sought && search) {
      search.value = sought;
      filter();
    }
  };

  // what is folded away waits until it is opened; what the address names is ready at once
  const tables = every("main table");
  const waiting = new Map(tables.map((table, place) => [table, place]));
  const ready = (table) => {
    if (!waiting.has(table) || !table.tHead) return;
    enhance(table, waiting.get(table));
    waiting.delete(table);
  };
  for (const table of tables) if (!table.closest("details:not([open])") || state.get("t" + waiting.get(table))) ready(table);
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.open) every("table", event.target).filter((t) => !t.closest("details:not([open])")).forEach(ready);
    },
    true,
  );
})();
