// Figures tell the number under the pointer, and are given as SVG and, from the table beside them, as CSV.
(() => {
  const NEAR = 16;
  const tip = make("div", { className: "tip", hidden: true });
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  const interval = (figure, label, x, y) => {
    for (const row of every("tbody tr", figure)) {
      const cells = Array.from(row.cells).map(words);
      if (cells[0] !== label || cells.length < 5) continue;
      const same = (text, number) => number !== "" && Math.abs(parseFloat(text.replace("−", "-")) - parseFloat(number.replace("−", "-"))) <= 0.005 * Math.max(1, Math.abs(parseFloat(number.replace("−", "-"))));
      if (same(cells[2], y) && (x === "" || same(cells[1], x))) return cells[3] === "none" ? "n = " + cells[4] : "95 % interval " + cells[3] + ", n = " + cells[4];
    }
    return "";
  };

  const marks = new WeakMap();
  const nearest = (svg, event) => {
    if (!marks.has(svg)) marks.set(svg, JSON.parse(svg.dataset.marks || "[]"));
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    let best = null;
    for (const [label, across, up, points] of marks.get(svg))
      for (const [px, py, dx, dy, own] of points) {
        const far = Math.hypot(px - x, py - y);
        if (far < NEAR && (!best || far < best.far)) best = { far, label, across, up, dx, dy, own };
      }
    return best;
  };

  document.addEventListener("pointermove", (event) => {
    const svg = event.target.closest ? event.target.closest("svg[data-marks]") : null;
    const found = svg && nearest(svg, event);
    tip.hidden = !found;
    if (!found) return;
    const lines = [found.own || found.label];
    if (found.dx) lines.push((found.across || "x") + ": " + found.dx);
    if (found.dy) lines.push((found.up || "y") + ": " + found.dy);
    lines.push(interval(svg.closest("figure"), found.label, found.dx, found.dy));
    tip.replaceChildren(...lines.filter(Boolean).map((line, place) => make(place ? "div" : "strong", { textContent: line })));
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const over = event.clientY + 14 + tip.offsetHeight > innerHeight;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = (over ? event.clientY - tip.offsetHeight - 10 : event.clientY + 14) + "px";
  });
  addEventListener("scroll", () => (tip.hidden = true), { passive: true });

  const alone = (svg) => {
    const copy = svg.cloneNode(true);
    copy.removeAttribute("data-marks");
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("color", "#1c1e21");
    return '<?xml version="1.0" encoding="utf-8"?>\n' + new XMLSerializer().serializeToString(copy);
  };
  // the table of a claim's figure is that of its comparisons
  const twin = (figure) => figure.querySelector("table") || (figure.matches(".effects") && figure.parentElement.querySelector("table"));
  const csv = (table) =>
    every("tr", table)
      .map((row) => Array.from(row.cells).map((cell) => words(cell).replace(/−/g, "-")))
      .map((cells) => cells.map((text) => (/[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : /^[=+@]/.test(text) ? "'" + text : text)).join(","))
      .join("\n") + "\n";

  for (const figure of every("figure")) {
    const svg = figure.querySelector(".plot svg");
    if (!svg) continue;
    const name = (figure.id || svg.closest("[id]").id).replace(/^figure-/, "");
    const bar = make("div", { className: "bar" });
    const about = words(figure.querySelector("figcaption") || svg).slice(0, 80);
    const add = (label, act) => {
      const button = make("button", { type: "button", textContent: label });
      button.setAttribute("aria-label", label + " of figure: " + about);
      button.addEventListener("click", act);
      bar.append(button);
    };
    add("SVG", () => download(name + ".svg", "image/svg+xml", alone(svg)));
    const table = twin(figure);
    if (table) add("CSV", () => download(name + ".csv", "text/csv", csv(table)));
    figure.append(bar);
  }

  // of many figures or tables in a row, one or all
  for (const list of every(".choose")) {
    const figures = every("figure, .at", list);
    if (figures.length < 3) continue;
    const select = make("select", {}, make("option", { value: "", textContent: "all " + figures.length }));
    for (const figure of figures) select.append(make("option", { value: figure.id, textContent: figure.dataset.name }));
    const show = () => figures.forEach((figure) => (figure.hidden = Boolean(select.value) && figure.id !== select.value));
    const key = list.id;
    select.addEventListener("change", () => {
      state.set(key, select.value);
      show();
    });
    select.value = state.get(key) || figures[0].id;
    if (select.selectedIndex < 0) select.value = "";
    show();
    list.before(make("label", { className: "pick" }, list.dataset.label + " ", select));
  }
})();
