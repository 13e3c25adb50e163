// Of several datasets, the chapters about one or about all.
(() => {
  const chapters = every(".dataset");
  if (chapters.length < 2) return;
  const names = chapters.map((chapter) => chapter.dataset.dataset);
  const select = make("select", {}, make("option", { value: "", textContent: "all " + names.length }));
  for (const name of names) select.append(make("option", { value: name, textContent: name }));
  const show = () =>
    chapters.forEach((chapter) => (chapter.hidden = Boolean(select.value) && chapter.dataset.dataset !== select.value));
  select.value = state.get("dataset");
  if (select.selectedIndex < 0) select.value = "";
  select.addEventListener("change", () => {
    state.set("dataset", select.value);
    show();
  });
  show();
  document.querySelector("nav").append(make("label", { className: "pick" }, "Dataset ", select));
  // a link into what is hidden shows everything
  addEventListener("hashchange", () => {
    const target = document.getElementById(state.anchor());
    if (target && target.closest(".dataset[hidden]")) {
      select.value = "";
      show();
      settle(target, 4);
    }
  });
})();
