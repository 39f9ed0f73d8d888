"use strict";
/* Finds what the page's entries say: every word must be there, and titles come first. */
(() => {
  const held = JSON.parse(document.getElementById("search-data").textContent);
  const place = document.getElementById("search");
  const input = document.getElementById("search-for");
  const count = document.getElementById("search-count");
  const list = document.getElementById("search-found");
  const MOST = 40, AROUND = 60;
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const entries = held.entries.map(([kind, title, text, href]) =>
    ({ kind, title, text, href, name: plain(title), all: plain(`${title}\n${text}`) }));

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };

  /* The line of the text in which a word was found, cut to what stands around it. */
  const excerpt = (entry, words) => {
    const word = words.find((each) => !entry.name.includes(each));
    const line = entry.text.split("\n").find((each) => word && plain(each).includes(word));
    if (!line) return "";
    const at = plain(line).indexOf(word), start = Math.max(0, at - AROUND);
    const end = Math.min(line.length, at + word.length + AROUND);
    return `${start ? "… " : ""}${line.slice(start, end)}${end < line.length ? " …" : ""}`;
  };

  const show = () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    const found = words.length
      ? entries.filter((entry) => words.every((word) => entry.all.includes(word))) : [];
    const weight = (entry) => words.filter((word) => entry.name.includes(word)).length;
    found.sort((a, b) => weight(b) - weight(a));
    list.replaceChildren(...found.slice(0, MOST).map((entry) => {
      const item = make("li", {}, make("span", { class: "mark" }, held.kinds[entry.kind]), " ",
        make("a", { href: entry.href }, entry.title));
      const text = excerpt(entry, words);
      if (text) item.append(make("p", { class: "note" }, text));
      return item;
    }));
    const word = !found.length ? "none" : found.length > MOST ? "more" : "found";
    count.textContent = words.length
      ? held.words[word].replace("[count]", String(found.length)) : "";
  };

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; show(); }
    if (event.key === "Enter") { const first = list.querySelector("a"); if (first) first.focus(); }
  });
  place.hidden = false;
})();
