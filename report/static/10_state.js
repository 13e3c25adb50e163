// What the reader has chosen stands in the address behind the anchor: #verdicts?verdict=REFUTED&t3=s2d
"use strict";
const state = (() => {
  let anchor = "";
  let query = new URLSearchParams();
  let waiting = 0;
  const read = () => {
    const [before, after] = location.hash.slice(1).split("?");
    anchor = before || "";
    query = new URLSearchParams(after || "");
  };
  // browsers refuse to change the address hundreds of times in a row
  const write = () => {
    waiting = 0;
    const text = query.toString();
    history.replaceState(null, "", "#" + anchor + (text ? "?" + text : ""));
  };
  const get = (key) => query.get(key) || "";
  const set = (key, value) => {
    if (get(key) === value) return;
    if (value) query.set(key, value);
    else query.delete(key);
    waiting = waiting || setTimeout(write, 100);
  };
  addEventListener("hashchange", read);
  read();
  return { anchor: () => decodeURIComponent(anchor), get, set };
})();

// Elements are made, never parsed from text, so that no name can become markup.
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
const every = (selector, within = document) => Array.from(within.querySelectorAll(selector));

const download = (name, kind, text) => {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: kind })) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

// What comes into the window on the way gets its size only then, and moves what is below it.
const settle = (target, frames) => {
  target.scrollIntoView();
  if (frames) requestAnimationFrame(() => settle(target, frames - 1));
};

// What an address points at is opened, with all that it stands in.
const reveal = () => {
  const target = document.getElementById(state.anchor());
  if (!target) return;
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  settle(target, 4);
};
addEventListener("hashchange", reveal);
