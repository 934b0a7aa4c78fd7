"use strict";
/* Draws events and exchanges from the JSON in this page, a chunk at a time; search, filters,
   links into lists, copy buttons. Text from the report only ever becomes textContent. */
(() => {
  const CHUNK = 100;
  document.body.classList.add("scripted");
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const field = $("#search");
  let waiting = 0;

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined && text !== null) element.textContent = text;
    return element;
  }

  function block(title, text) {
    const part = make("div");
    part.append(make("h4", "", title));
    const holder = make("div", "copyable");
    const pre = make("pre");
    pre.tabIndex = 0;
    pre.append(make("code", "", text));
    holder.append(pre);
    addCopy(holder);
    part.append(holder);
    return part;
  }

  function addCopy(holder) {
    const button = make("button", "copy", "Copy");
    button.type = "button";
    button.setAttribute("aria-label", "Copy to the clipboard");
    button.addEventListener("click", async () => {
      const text = $("pre", holder).textContent;
      const done = await copied(text);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      if (!done) getSelection().selectAllChildren($("pre", holder));
      setTimeout(() => { button.textContent = "Copy"; }, 1800);
    });
    holder.append(button);
  }

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  function grid(rows, headings) {
    const table = make("table", "stack");
    const head = table.createTHead().insertRow();
    for (const heading of headings) {
      const cell = make("th", "", heading);
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((value, index) => {
        const cell = line.insertCell();
        cell.dataset.label = headings[index];
        cell.append(value === null ? make("span", "muted", "absent") : make("span", "", value));
      });
    }
    return table;
  }

  const kinds = {
    events: {
      name: "event",
      text: (event) => [event.time, event.status, event.action, event.object, event.told, event.id,
        (event.facts || []).map((fact) => fact[1]).join(" "), (event.changes || []).flat().join(" "),
        (event.steps || []).flat().join(" ")].join(" "),
      group: (event) => event.status,
      summary: (event) => [
        make("span", "time", event.time || "no time"),
        make("span", `tag ${tagName(event.status)}`, event.status),
        make("span", "", event.action || ""),
        make("span", "who", event.object || ""),
        make("span", "told muted", event.told || ""),
      ],
      body: (event) => {
        const parts = [grid([["event", event.id], ...(event.facts || [])], ["", ""])];
        if (event.changes) parts.push(make("h4", "", "Changed attributes"), grid(event.changes, ["attribute", "before", "after"]));
        if (event.steps) parts.push(make("h4", "", "Steps"), grid(event.steps, ["step", "status", "told"]));
        return parts;
      },
    },
    exchanges: {
      name: "exchange",
      text: (x) => [x.id, x.method, x.target, x.answer, x.sent, x.body, x.got, x.answered].join(" "),
      group: (x) => (x.ok ? "answered 2xx" : "not 2xx"),
      summary: (x) => {
        const answer = make("span", "");
        answer.append(make("span", `tag ${x.ok ? "good" : "bad"}`, x.answer));
        return [make("span", "muted", x.id), make("code", "method", x.method), make("span", "path", x.target), answer];
      },
      body: (x) => {
        const sides = make("div", "sides");
        sides.append(block("Sent", x.body ? `${x.sent}\n\n${x.body}` : x.sent));
        const got = x.got || "nothing";
        sides.append(block("Answered", x.answered ? `${got}\n\n${x.answered}` : got));
        return x.curl ? [sides, block("As curl", x.curl)] : [sides];
      },
    },
  };
  const tagName = (word) => (/^[a-z-]+$/.test(word || "") ? word : "");

  class List {
    constructor(holder, kind, items) {
      Object.assign(this, { holder, kind, items, shown: items, drawn: 0, group: null, query: "" });
      this.texts = null;
      this.buttons = new Map();
      this.more = make("button", "showmore", "Show more");
      this.more.type = "button";
      this.more.addEventListener("click", () => this.draw(CHUNK));
      this.rows = make("div");
      this.status = make("p", "muted");
      holder.append(this.status, this.rows, this.more);
      this.filters();
      this.apply();
      new IntersectionObserver((seen) => {
        if (seen[0].isIntersecting) this.draw(CHUNK);
      }, { root: holder, rootMargin: "400px" }).observe(this.more);
    }

    filters() {
      const bar = $(`[data-for="${this.kind}"]`);
      const counts = new Map();
      for (const item of this.items) {
        const group = kinds[this.kind].group(item);
        counts.set(group, (counts.get(group) || 0) + 1);
      }
      if (counts.size < 2) return;
      for (const [group, count] of [[null, this.items.length], ...counts]) {
        const button = make("button", "", `${group === null ? "all" : group} ${count.toLocaleString("en")}`);
        button.type = "button";
        button.setAttribute("aria-pressed", String(group === null));
        button.addEventListener("click", () => this.show(group));
        this.buttons.set(group, button);
        bar.append(button);
      }
    }

    show(group) {
      for (const [other, button] of this.buttons) button.setAttribute("aria-pressed", String(other === group));
      this.group = group;
      this.apply();
    }

    apply() {
      const { group: groupOf, text } = kinds[this.kind];
      if (this.query && !this.texts) this.texts = this.items.map((item) => text(item).toLowerCase());
      this.shown = this.items.filter((item, index) =>
        (this.group === null || groupOf(item) === this.group)
        && (!this.query || this.texts[index].includes(this.query)));
      this.drawn = 0;
      this.rows.replaceChildren();
      this.draw(CHUNK);
    }

    draw(number) {
      const next = this.shown.slice(this.drawn, this.drawn + number);
      this.rows.append(...next.map((item) => this.row(item)));
      this.drawn += next.length;
      const rest = this.shown.length - this.drawn;
      this.more.hidden = rest <= 0;
      this.more.textContent = `Show more (${rest.toLocaleString("en")} left)`;
      this.status.textContent = this.shown.length ? "" : "Nothing matches.";
    }

    row(item) {
      const { name, summary, body } = kinds[this.kind];
      const row = make("details", `row ${name}`);
      row.dataset.id = item.id;
      const head = make("summary");
      head.append(...summary(item));
      row.append(head);
      row.addEventListener("toggle", () => {
        if (row.open && row.childElementCount === 1) row.append(...body(item));
      });
      return row;
    }

    reveal(id) {
      let index = this.shown.findIndex((item) => item.id === id);
      if (index < 0) {
        if (!this.items.some((item) => item.id === id)) return null;
        this.show(null);
        clearSearch();
        index = this.shown.findIndex((item) => item.id === id);
      }
      if (index >= this.drawn) this.draw(index - this.drawn + 20);
      return this.rows.children[index];
    }
  }

  const lists = {};
  for (const holder of $$("[data-list]")) {
    const kind = holder.dataset.list;
    lists[kind] = new List(holder, kind, data[kind]);
  }

  function search(value) {
    const query = value.trim().toLowerCase();
    let found = 0;
    for (const element of $$("[data-search]")) {
      const match = !query || element.textContent.toLowerCase().includes(query);
      element.classList.toggle("no-match", !match);
      if (match) found += 1;
      if (match && query) element.closest("details")?.setAttribute("open", "");
    }
    for (const list of Object.values(lists)) {
      list.query = query;
      list.apply();
      found += list.shown.length;
    }
    $("#found").textContent = query ? `${found.toLocaleString("en")} places match “${value.trim()}”.` : "";
  }

  function clearSearch() {
    clearTimeout(waiting);
    field.value = "";
    search("");
  }

  function follow() {
    const [kind, id] = decodeURIComponent(location.hash.slice(1)).split(/=(.*)/s);
    if (id === undefined) return;
    let target = null;
    if (kind === "exchange") target = lists.exchanges?.reveal(id);
    if (kind === "event") target = lists.events?.reveal(id);
    if (kind === "finding") target = $$("[data-check]").find((element) => element.dataset.check === id);
    if (!target) return;
    if (target.matches("details")) target.open = true;
    target.closest("details")?.setAttribute("open", "");
    const show = () => target.scrollIntoView({ block: "center" });
    show();
    requestAnimationFrame(() => requestAnimationFrame(show));
    target.classList.remove("target-row");
    void target.offsetWidth;
    target.classList.add("target-row");
    ($("summary", target) || target).focus({ preventScroll: true });
  }

  for (const holder of $$(".copyable")) if (!$("button", holder)) addCopy(holder);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search(field.value), 120);
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName || "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      field.focus();
    }
    if (event.key === "Escape" && document.activeElement === field) {
      clearSearch();
    }
  });
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  addEventListener("beforeprint", () => {
    for (const element of $$("details[data-print]")) element.open = true;
  });
  follow();
})();
