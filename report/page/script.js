
"use strict";
/* The findings of the page: filtered, sorted and shown a page at a time, from the data beside. */
(() => {
  const held = JSON.parse(document.getElementById("data").textContent);
  const { texts, rows, words } = held;
  const AT = { weight: 0, kind: 1, clause: 2, title: 3, record: 4, name: 5, group: 6, place: 7,
    due: 8, late: 9, message: 10, remedy: 11, waiver: 12, pack: 13, outcome: 14 };
  const PRINTED = 2000;
  const SORTS = { outcome: AT.weight, clause: AT.clause, record: AT.record, group: AT.group,
    place: AT.place, due: AT.due, late: AT.late };
  const state = { search: "", outcome: "", clause: "", group: "", sort: "", down: false, page: 0,
    size: 50 };
  const number = new Intl.NumberFormat(held.lang);
  const say = (word, values) => words[word].replace(/\[(\w+)\]/g, (_, name) =>
    number.format(values[name]));

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };

  /* Texts in lower case, and their places in alphabetical order, worked out when first needed. */
  const lower = [];
  const low = (at) => lower[at] ?? (lower[at] = texts[at].toLowerCase());
  const ranks = new Map();
  const rank = (column) => {
    if (!ranks.has(column)) {
      const used = [...new Set(rows.map((row) => row[column]))];
      const order = new Intl.Collator(held.lang === "zh" ? "zh-Hans" : "en",
        { numeric: true }).compare;
      used.sort((a, b) => order(texts[a], texts[b]));
      ranks.set(column, new Map(used.map((text, place) => [text, place])));
    }
    return ranks.get(column);
  };
  /* Outcomes in their own order, the worst first; clauses as the policy has them. */
  const outcomes = held.outcomes.map(([value]) => value);
  const weigh = (row) => outcomes.indexOf(texts[row[AT.outcome]]) * 2
    + (texts[row[AT.kind]] === "warning" ? 1 : 0);

  let shown = rows;
  const select = () => {
    const wanted = state.search.toLowerCase().split(/\s+/).filter(Boolean);
    const searched = [AT.record, AT.name, AT.group, AT.message, AT.remedy, AT.clause, AT.title,
      AT.place, AT.waiver, AT.due];
    const fits = (row) => wanted.every((word) => searched.some((at) => low(row[at]).includes(word)));
    shown = rows.filter((row) => (!state.outcome || texts[row[AT.outcome]] === state.outcome)
      && (!state.clause || texts[row[AT.clause]] === state.clause)
      && (!state.group || texts[row[AT.group]] === state.group)
      && (!wanted.length || fits(row)));
    if (state.sort) {
      const column = SORTS[state.sort], up = state.down ? -1 : 1;
      const places = column === AT.late || state.sort === "outcome" ? null : rank(column);
      const value = state.sort === "outcome" ? weigh
        : places ? (row) => places.get(row[column]) : (row) => row[column];
      const blank = (row) => column === AT.late ? !row[column] : texts[row[column]] === "";
      const keyed = shown.map((row, at) => [blank(row), value(row), at, row]);
      keyed.sort((a, b) => a[0] - b[0] || up * (a[1] - b[1]) || a[2] - b[2]);
      shown = keyed.map((entry) => entry[3]);
    }
    const last = Math.max(0, Math.ceil(shown.length / state.size) - 1);
    state.page = Math.min(state.page, last);
  };

  const lines = (text) => text.split("\n").flatMap((line, at) =>
    at ? [document.createElement("br"), line] : [line]);
  const bdi = (at) => make("bdi", {}, ...lines(texts[at]));
  const extra = (at, before) => texts[at]
    ? [make("div", { class: "remedy" }, before || "", bdi(at))] : [];
  const cell = (column, ...children) => make("td", { role: "cell", class: column,
    "data-label": words[`column.${column}`] }, ...children);
  const line = (row) => make("tr", { role: "row" },
    cell("outcome", make("span", { class: `mark ${texts[row[AT.kind]]}` }, texts[row[AT.weight]]),
      ...extra(row[AT.pack])),
    cell("clause", texts[row[AT.clause]], ...extra(row[AT.title])),
    cell("record", bdi(row[AT.record]), make("div", {}, bdi(row[AT.name]))),
    cell("group", ...(row[AT.group] ? [bdi(row[AT.group])] : [])),
    cell("place", ...(row[AT.place] ? [bdi(row[AT.place])] : [])),
    cell("due", texts[row[AT.due]]),
    cell("late", row[AT.late] ? String(row[AT.late]) : ""),
    cell("finding", bdi(row[AT.message]), ...extra(row[AT.remedy], "→ "), ...extra(row[AT.waiver])));

  /* Controls */
  const option = (value, text) => make("option", { value }, text);
  const choice = (name, label, options) => {
    const control = make("select", { name }, option("", words.all), ...options);
    return [make("label", { class: name }, label, control), control];
  };
  const distinct = (column) => {
    const places = rank(column), used = [...places.keys()].filter((at) => texts[at]);
    return used.sort((a, b) => places.get(a) - places.get(b));
  };
  const search = make("input", { type: "search", name: "search", autocomplete: "off" });
  const [outcomeLabel, outcome] = choice("outcome", words["column.outcome"],
    held.outcomes.map(([value, text]) => option(value, text)));
  const titles = new Map(rows.map((row) => [row[AT.clause], texts[row[AT.title]]]));
  const [clauseLabel, clause] = choice("clause", words["column.clause"],
    distinct(AT.clause).map((at) => option(texts[at], `${texts[at]} ${titles.get(at)}`)));
  const [groupLabel, group] = choice("group", words["column.group"],
    distinct(AT.group).map((at) => option(texts[at], texts[at])));
  const sort = make("select", { name: "sort" }, option("", words.order), ...Object.keys(SORTS)
    .flatMap((name) => [["", words.ascending], ["-", words.descending]].map(([down, way]) =>
      option(down + name, `${words[`column.${name}`]} (${way})`))));
  const reset = make("button", { type: "button" }, words.reset);
  const filters = make("fieldset", { class: "filters" }, make("legend", {}, words.filters),
    make("label", { class: "search" }, words.search, search), outcomeLabel, clauseLabel,
    ...(group.options.length > 2 ? [groupLabel] : []),
    make("label", { class: "sorting" }, words.sort, sort), reset);
  const count = make("span", { class: "count", role: "status", "aria-live": "polite" });
  const size = make("select", { name: "size" }, ...[50, 200, 1000].map((n) =>
    option(String(n), number.format(n))));
  const pagers = [0, 1].map(() => ({
    back: make("button", { type: "button" }, words.previous),
    at: make("span", { class: "at" }),
    on: make("button", { type: "button" }, words.next),
  }));
  const bar = (pager, ...more) => make("div", { class: "pages" }, ...more, pager.back, pager.at,
    pager.on);
  const heads = {};
  const head = make("tr", { role: "row" }, ...held.columns.map((name) => {
    const title = words[`column.${name}`];
    heads[name] = make("th", { scope: "col", role: "columnheader", class: name,
      "data-label": name in SORTS && title },
      name in SORTS ? make("button", { type: "button" }, title) : title);
    return heads[name];
  }));
  const body = make("tbody", { role: "rowgroup" });
  const table = make("table", { class: "cards", role: "table" },
    make("caption", { class: "unseen" }, held.caption),
    make("thead", { role: "rowgroup" }, head), body);
  const region = make("div", { class: "scroll", role: "group", tabindex: "0",
    "aria-label": held.caption }, table);

  const show = () => {
    const start = state.page * state.size, pages = Math.max(1, Math.ceil(shown.length / state.size));
    body.replaceChildren(...shown.slice(start, start + state.size).map(line));
    count.textContent = shown.length ? say("count", { shown: shown.length, total: rows.length })
      : words.none;
    for (const pager of pagers) {
      pager.at.textContent = say("page", { page: state.page + 1, pages });
      pager.back.disabled = state.page === 0;
      pager.on.disabled = state.page + 1 >= pages;
    }
    for (const name of Object.keys(SORTS)) {
      const way = state.sort !== name ? "none" : state.down ? "descending" : "ascending";
      heads[name].setAttribute("aria-sort", way);
    }
    sort.value = (state.down ? "-" : "") + state.sort;
  };
  const renew = (changes) => {
    Object.assign(state, changes);
    select();
    show();
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => renew({ search: search.value, page: 0 }), 120);
  });
  for (const control of [outcome, clause, group]) {
    control.addEventListener("change", () => renew({ [control.name]: control.value, page: 0 }));
  }
  sort.addEventListener("change", () => renew({ sort: sort.value.replace("-", ""),
    down: sort.value.startsWith("-"), page: 0 }));
  size.addEventListener("change", () => renew({ size: Number(size.value), page: 0 }));
  const fill = (values) => {
    search.value = ""; outcome.value = values.outcome || ""; clause.value = values.clause || "";
    group.value = values.group || "";
    renew({ search: "", outcome: outcome.value, clause: clause.value, group: group.value, page: 0 });
  };
  reset.addEventListener("click", () => fill({}));
  for (const name of Object.keys(SORTS)) {
    heads[name].firstChild.addEventListener("click", () => {
      /* Up, down, and back to the order of the ledger; what is longest late comes first at once. */
      const first = name === "late";
      if (state.sort !== name) renew({ sort: name, down: first, page: 0 });
      else if (state.down === first) renew({ down: !first, page: 0 });
      else renew({ sort: "", down: false, page: 0 });
    });
  }
  pagers.forEach((pager, at) => {
    const turn = (by) => () => {
      renew({ page: state.page + by });
      if (at) document.getElementById("findings").scrollIntoView();
    };
    pager.back.addEventListener("click", turn(-1));
    pager.on.addEventListener("click", turn(1));
  });
  /* A clause in another table leads to its findings. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-clause]");
    if (link) fill({ clause: link.dataset.clause, outcome: link.dataset.outcome });
  });

  const printed = make("p", { class: "note", hidden: true });
  const folded = [...document.querySelectorAll("details")];
  addEventListener("beforeprint", () => {
    folded.forEach((part) => { part.open = true; });
    body.replaceChildren(...shown.slice(0, PRINTED).map(line));
    printed.hidden = shown.length <= PRINTED;
    printed.textContent = say("printed", { shown: PRINTED, total: shown.length });
  });
  addEventListener("afterprint", () => {
    printed.hidden = true;
    show();
  });

  const list = document.getElementById("list");
  list.append(filters, bar(pagers[0], count, make("label", {}, words.size, size)), printed, region,
    bar(pagers[1]));
  renew({});
  document.getElementById("plain").remove();
  list.hidden = false;
})();
