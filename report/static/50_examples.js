// One slider for the example images of a codec: all rows, or one of them in the place of the others.
(() => {
  for (const fold of every("details.examples")) {
    const there = ["original", "shifted", "reconstructed", "error"].filter((of) => fold.querySelector(".of-" + of));
    const views = ["all", ...there];
    const strips = fold.querySelector(".strips");
    const said = make("output", { textContent: "all" });
    const slider = make("input", { type: "range", min: 0, max: views.length - 1, step: 1, value: 0 });
    slider.setAttribute("aria-label", "Which row of images to show");
    slider.setAttribute("aria-valuetext", "all");
    slider.addEventListener("input", () => {
      const view = views[slider.value];
      strips.dataset.view = view;
      said.textContent = view;
      slider.setAttribute("aria-valuetext", view);
    });
    strips.before(make("label", { className: "slide" }, "Show ", slider, said));
  }
})();
