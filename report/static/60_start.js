// What the address says is shown once all parts are there.
reveal();
document.documentElement.dataset.ready = "yes";
