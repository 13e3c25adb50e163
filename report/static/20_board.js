// The verdicts, narrowed down by paper, verdict, tier and words.
(() => {
  const panel = document.getElementById("filters");
  if (!panel) return;
  const claims = every("details.claim");
  const rows = every("table.board tbody tr");
  const count = document.getElementById("shown-claims");
  const inputs = every("select, input", panel);
  const fits = (data, text) =>
    inputs.every((input) => {
      if (!input.value) return true;
      if (input.type === "search") return text.toLowerCase().includes(input.value.toLowerCase());
      return data[input.name] === input.value;
    });
  const texts = new Map(claims.map((claim) => [claim, words(claim)]));
  const show = () => {
    const ids = new Set();
    for (const claim of claims) {
      claim.hidden = !fits(claim.dataset, texts.get(claim));
      if (!claim.hidden) ids.add(claim.id);
    }
    for (const row of rows) row.hidden = !ids.has(row.dataset.claim);
    for (const group of every(".papers")) group.hidden = !group.querySelector("details.claim:not([hidden])");
    count.textContent = ids.size + " of " + claims.length + " claims";
  };
  const read = () => {
    for (const input of inputs) input.value = state.get(input.name);
    for (const input of inputs) if (input.value !== state.get(input.name)) input.value = "";
    show();
  };
  for (const input of inputs)
    input.addEventListener("input", () => {
      state.set(input.name, input.value);
      show();
    });
  panel.addEventListener("reset", () => {
    for (const input of inputs) state.set(input.name, "");
    setTimeout(show);
  });
  panel.addEventListener("submit", (event) => event.preventDefault());
  for (const link of every("a[data-paper], a[data-verdict]"))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      for (const input of inputs) {
        input.value = link.dataset[input.name] || "";
        state.set(input.name, input.value);
      }
      show();
      panel.scrollIntoView();
    });
  panel.hidden = false;
  addEventListener("hashchange", read);
  read();
  // on paper every claim is open
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = claims.filter((claim) => !claim.open);
    for (const claim of closed) claim.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((claim) => (claim.open = false)));
})();
