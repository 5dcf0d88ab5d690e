"use strict";
(() => {
  const SIZE = 50, MOST_PRINTED = 1000, MOST_ROWS = 8;
  const LEVELS = ["", "note", "warning", "error"];
  const SAFETY = {
    safe: "safe: `cflint check --fix` applies it",
    unsafe: "unsafe: review the change; `cflint check --fix --unsafe-fixes` applies it",
    manual: "to be made by hand",
  };
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);

  function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key === "class") made.className = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }
  const inOrder = new Intl.Collator("en", { numeric: true });
  const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  /** A message, its code spans as code. */
  function prose(text) {
    return text.split(/(`[^`]+`)/).map((piece, at) =>
      at % 2 ? element("code", {}, piece.slice(1, -1)) : document.createTextNode(piece));
  }

  // -- findings, as objects ------------------------------------------------------------------------

  const NONE = "no Worker";
  const past = data.past;
  const findings = data.findings.map(([level, rule, message, workers, key, places, more, fix], index) => {
    const path = data.paths[places[0][0]];
    const before = past ? past.before[index] : null;
    const moved = before && (before[0] !== path || before[1] !== places[0][1]);
    return {
      level, key, message, places, more, before,
      rule: data.rules[rule],
      workers: workers.length ? workers.map((at) => data.workers[at]) : [NONE],
      path,
      line: places[0][1],
      fix: fix < 0 ? null : data.fixes[fix],
      state: !past ? "" : !before ? "new" : moved ? "moved" : "same",
      text: `${message}\n${data.rules[rule][0]}\n${path}:${places[0][1]}`.toLowerCase(),
    };
  });
  findings.sort((one, other) => other.level - one.level); // stable: by place within a severity

  // -- filters -------------------------------------------------------------------------------------

  /** What each filter takes of a finding: the values that it has. */
  const FILTERS = {
    severity: (it) => [LEVELS[it.level]],
    worker: (it) => it.workers,
    rule: (it) => [it.rule[0]],
    file: (it) => [it.path],
    fix: (it) => [it.fix ? it.fix[1] : "none"],
    state: (it) => [it.state],
  };
  let wanted = { q: "" }, chosen = findings, page = 0;

  function passes(it, left) {
    for (const [name, values] of Object.entries(FILTERS)) {
      if (name !== left && wanted[name] && !values(it).includes(wanted[name])) return false;
    }
    return words().every((word) => it.text.includes(word));
  }
  const words = () => (wanted.q || "").toLowerCase().split(/\s+/).filter(Boolean);

  function tally(rows, values) {
    const found = new Map();
    for (const it of rows) {
      for (const value of values(it)) {
        const counts = found.get(value) || [0, 0, 0, 0];
        counts[0] += 1;
        counts[it.level] += 1;
        found.set(value, counts);
      }
    }
    return [...found].sort((one, other) => other[1][0] - one[1][0] || inOrder.compare(one[0], other[0]));
  }

  function fillSelects() {
    for (const [name, values] of Object.entries(FILTERS)) {
      const select = $(name);
      const options = tally(findings, values);
      if (name !== "severity" && name !== "fix" && name !== "state") options.sort((one, other) => inOrder.compare(one[0], other[0]));
      select.append(element("option", { value: "" }, "all"));
      for (const [value, [number]] of options) {
        select.append(element("option", { value }, `${value} (${number.toLocaleString("en")})`));
      }
      select.addEventListener("change", () => choose({ [name]: select.value }));
    }
    $("state-label").hidden = !past;
  }

  function choose(change) {
    wanted = { ...wanted, ...change };
    page = 0;
    remember();
    show();
  }

  // -- the address: what is filtered can be shared ---------------------------------------------------

  function remember() {
    const hash = new URLSearchParams();
    for (const name of ["q", ...Object.keys(FILTERS)]) if (wanted[name]) hash.set(name, wanted[name]);
    if (page) hash.set("page", String(page + 1));
    const text = hash.toString();
    history.replaceState(null, "", text ? `#${text}` : "#");
  }

  function recall() {
    const hash = new URLSearchParams(location.hash.slice(1));
    const key = hash.get("finding");
    wanted = { q: hash.get("q") || "" };
    for (const name of Object.keys(FILTERS)) {
      const value = hash.get(name);
      if (value && findings.some((it) => FILTERS[name](it).includes(value))) wanted[name] = value;
    }
    page = Math.max(0, (Number(hash.get("page")) || 1) - 1);
    if (key) page = Math.max(0, Math.floor(findings.filter((it) => passes(it)).findIndex((it) => it.key === key) / SIZE));
    show();
    const item = key && document.querySelector(`#findings details[data-key="${CSS.escape(key)}"]`);
    if (item) {
      item.open = true;
      item.scrollIntoView({ block: "start" });
      item.firstElementChild.focus({ preventScroll: true });
    }
  }

  async function copy(button, hash) {
    const said = button.textContent;
    const address = location.href.split("#")[0] + hash;
    try {
      await navigator.clipboard.writeText(address);
      button.textContent = "Copied";
    } catch {
      history.replaceState(null, "", hash || "#");
      button.textContent = "It is in the address bar";
    }
    setTimeout(() => { button.textContent = said; }, 2500);
  }

  // -- the overview ----------------------------------------------------------------------------------

  function bar(counts, most) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 100 1");
    svg.setAttribute("preserveAspectRatio", "none");
    let at = 0;
    for (const level of [3, 2, 1]) {
      const width = (100 * counts[level]) / most;
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [key, value] of Object.entries({ x: at, y: 0, width, height: 1, class: `fill-${LEVELS[level]}` })) {
        rect.setAttribute(key, String(value));
      }
      svg.append(rect);
      at += width;
    }
    return element("span", { class: "bar", "aria-hidden": "true" }, svg);
  }

  function drawTiles() {
    const counts = [0, 0, 0, 0];
    for (const it of findings) if (passes(it, "severity")) counts[it.level] += 1;
    $("tiles").replaceChildren(...[3, 2, 1].map((level) => {
      const name = LEVELS[level];
      const tile = element("button", { type: "button", class: `tile ${name}`, "aria-pressed": String(wanted.severity === name) },
        element("strong", {}, counts[level].toLocaleString("en")), `${name}${counts[level] === 1 ? "" : "s"}`);
      tile.addEventListener("click", () => choose({ severity: wanted.severity === name ? "" : name }));
      return tile;
    }));
  }

  const unfolded = {};
  function drawTable(name, title) {
    const rows = tally(findings.filter((it) => passes(it, name)), FILTERS[name]);
    const most = Math.max(1, ...rows.map(([, [number]]) => number));
    const shown = rows.slice(0, unfolded[name] ? 500 : MOST_ROWS);
    const mine = rows.find(([value]) => value === wanted[name]);
    if (mine && !shown.includes(mine)) shown.unshift(mine);
    const list = element("ul");
    for (const [value, counts] of shown) {
      const levels = [3, 2, 1].filter((level) => counts[level]).map((level) => counted(counts[level], LEVELS[level])).join(", ");
      const row = element("button", { type: "button", class: "row", title: levels, "aria-pressed": String(wanted[name] === value) },
        element("span", { class: "name" }, value),
        element("span", { class: "number" }, counts[0].toLocaleString("en")), bar(counts, most));
      row.addEventListener("click", () => choose({ [name]: wanted[name] === value ? "" : value }));
      list.append(element("li", {}, row));
    }
    const panel = element("div", { class: "panel" }, element("h2", {}, `${title} (${rows.length.toLocaleString("en")})`), list);
    if (rows.length > MOST_ROWS) {
      const more = element("button", { type: "button", class: "more", "aria-expanded": String(Boolean(unfolded[name])) },
        unfolded[name] ? "Show fewer" : `Show all ${title.toLowerCase()}`);
      more.addEventListener("click", () => {
        unfolded[name] = !unfolded[name];
        drawOverview();
      });
      panel.append(more);
    }
    return panel;
  }

  /** Draw the overview anew, and keep the focus where it was. */
  function drawOverview() {
    const buttons = () => [...document.querySelectorAll("#tiles button, #tables button")];
    const old = document.activeElement;
    const label = buttons().includes(old) ? old.querySelector(".name")?.textContent ?? old.className : null;
    drawTiles();
    $("tables").replaceChildren(drawTable("worker", "Workers"), drawTable("rule", "Rules"), drawTable("file", "Files"));
    if (label !== null) buttons().find((it) => (it.querySelector(".name")?.textContent ?? it.className) === label)?.focus({ preventScroll: true });
  }

  function drawPast() {
    if (!past) return;
    const fresh = findings.filter((it) => it.state === "new").length;
    const moved = findings.filter((it) => it.state === "moved").length;
    const last = past.counts[past.counts.length - 1][0];
    const now = [3, 2, 1].map((level) => findings.filter((it) => it.level === level).length);
    const rows = [...past.counts, ["this report", ...now]];
    const body = element("tbody");
    for (const [name, ...counts] of rows) {
      const total = counts.reduce((sum, number) => sum + number, 0);
      body.append(element("tr", {}, element("th", { scope: "row" }, name),
        ...counts.map((number) => element("td", {}, number.toLocaleString("en"))), element("td", {}, total.toLocaleString("en"))));
    }
    const head = element("tr", {}, ...["report", "errors", "warnings", "notes", "all"].map((name) => element("th", { scope: "col" }, name)));
    $("past").append(element("div", { class: "panel" },
      element("h2", {}, "Changes"),
      element("p", {}, `Since ${last}: ${fresh.toLocaleString("en")} new, ${past.gone.length.toLocaleString("en")} gone, ${moved.toLocaleString("en")} moved.`),
      element("table", {}, element("thead", {}, head), body)));
    $("past").hidden = false;
    if (past.gone.length) {
      $("gone").firstElementChild.textContent = `No longer found (${past.gone.length.toLocaleString("en")})`;
      $("gone").lastElementChild.append(...past.gone.slice(0, 2000).map(([level, rule, message, path, line]) =>
        element("li", {}, badge(level), " ", ...prose(message), element("br"), element("span", { class: "path faint" }, `${path}:${line} ${rule}`))));
      $("gone").hidden = false;
    }
  }

  const badge = (level) => element("span", { class: `badge ${LEVELS[level]}` }, LEVELS[level]);

  // -- the list ----------------------------------------------------------------------------------------

  function show() {
    chosen = findings.filter((it) => passes(it));
    const pages = Math.max(1, Math.ceil(chosen.length / SIZE));
    page = Math.min(page, pages - 1);
    $("q").value = wanted.q || "";
    for (const name of Object.keys(FILTERS)) $(name).value = wanted[name] || "";
    $("clear").disabled = !Object.values(wanted).some(Boolean);
    drawOverview();
    $("findings").replaceChildren(...chosen.slice(page * SIZE, (page + 1) * SIZE).map(item));
    $("count").textContent = !findings.length ? "Nothing was found."
      : chosen.length === findings.length ? counted(findings.length, "finding")
        : `${chosen.length.toLocaleString("en")} of ${counted(findings.length, "finding")}`;
    $("pager").hidden = pages === 1;
    $("page").textContent = `Page ${page + 1} of ${pages.toLocaleString("en")}`;
    $("previous").disabled = page === 0;
    $("next").disabled = page === pages - 1;
  }

  function turn(by) {
    page += by;
    remember();
    show();
    $("list").scrollIntoView();
    document.querySelector("#findings summary")?.focus({ preventScroll: true });
  }

  function item(it) {
    const meta = element("span", { class: "meta" },
      element("span", { class: "path" }, `${it.path}:${it.line}`), element("span", {}, it.rule[0]),
      element("span", {}, it.workers.join(", ")));
    if (it.fix) meta.append(element("span", {}, it.fix[1] === "manual" ? "advice" : `${it.fix[1]} fix`));
    const message = element("span", { class: "message" }, ...prose(it.message));
    if (it.state === "new") message.prepend(element("span", { class: "badge new" }, "new"), " ");
    const details = element("details", { class: LEVELS[it.level], "data-key": it.key },
      element("summary", {}, badge(it.level), message, meta));
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(body(it));
    });
    return element("li", {}, details);
  }

  function body(it) {
    const made = element("div", { class: "body" });
    if (it.rule[2]) made.append(element("p", {}, ...prose(it.rule[2])));
    if (it.state === "moved") made.append(element("p", { class: "faint" }, `It was at ${it.before[0]}:${it.before[1]}.`));
    made.append(...it.places.map(excerpt));
    if (it.more) made.append(element("p", { class: "faint" }, `And ${counted(it.more, "more related place")}.`));
    if (it.fix) made.append(change(it.fix));
    const link = element("button", { type: "button", class: "copy" }, "Copy link to this finding");
    link.addEventListener("click", () => copy(link, `#finding=${encodeURIComponent(it.key)}`));
    const actions = element("div", { class: "actions" }, link, element("code", {}, `cflint explain ${it.rule[0]}`));
    if (/^https?:\/\//.test(it.rule[3])) actions.append(element("a", { href: it.rule[3], rel: "noreferrer" }, "More about the rule"));
    made.append(actions);
    return made;
  }

  function located(path, line) {
    const text = `${data.paths[path]}:${line}`, page = data.pages[path];
    const shown = element("span", { class: "path" }, text);
    return /^https?:\/\//.test(page) ? element("a", { href: page + line, rel: "noreferrer" }, shown) : shown;
  }

  function source() {
    return element("pre", { tabindex: "0", role: "group", "aria-label": "Source" });
  }

  function excerpt([path, line, column, last, lastColumn, message, window], at) {
    const head = element("p", {}, located(path, line));
    if (message) head.append(" — ", ...prose(message));
    else if (at) head.append(" — related");
    const pre = source();
    const kept = data.lines[path] || {};
    for (let number = Math.max(1, line - 2); number <= last + 2; number++) {
      if (kept[number] === undefined) continue;
      const row = element("span", { class: "line" }, element("span", { class: "number" }, String(number)));
      let chars = Array.from(kept[number]);
      let from = number === line ? column - 1 : number > line && number <= last ? chars.findIndex((char) => char.trim()) : -1;
      let to = number === last ? lastColumn - 1 : number >= line && number < last ? chars.length : -1;
      if (number === line && window) {
        chars = Array.from(window[0]);
        [from, to] = [window[1], window[2]];
      }
      if (from >= 0 && to > from) {
        row.append(chars.slice(0, from).join(""), element("mark", {}, chars.slice(from, to).join("")), chars.slice(to).join(""));
      } else if (number === line && from >= 0 && from === to) {
        row.append(chars.slice(0, from).join(""), element("mark", {}, chars[from] || " "), chars.slice(from + 1).join(""));
      } else {
        row.append(chars.join(""));
      }
      pre.append(row);
    }
    return element("div", { class: "excerpt" }, head, pre);
  }

  function change([title, safety, changes]) {
    const head = element("p", {}, element("strong", {}, safety === "manual" ? "Advice: " : "Fix: "), ...prose(title), " (", ...prose(SAFETY[safety]), ")");
    const made = element("div", { class: "excerpt" }, head);
    if (changes === null) {
      made.append(element("p", { class: "faint" }, "The change is not shown: it contains a secret."));
      return made;
    }
    for (const [path, rows, more] of changes) {
      made.append(element("p", {}, element("span", { class: "path" }, data.paths[path])));
      const pre = source();
      for (const [sign, number, text] of rows) {
        pre.append(element("span", { class: `line ${sign === "+" ? "added" : "removed"}` },
          element("span", { class: "number" }, String(number)), `${sign} ${text}`));
      }
      if (more) pre.append(element("span", { class: "line" }, `… ${counted(more, "more line")}`));
      made.append(pre);
    }
    return made;
  }

  // -- printing: the page has all that is chosen ------------------------------------------------------

  addEventListener("beforeprint", () => {
    $("findings").replaceChildren(...chosen.slice(0, MOST_PRINTED).map((it) => {
      const made = item(it);
      made.firstElementChild.append(body(it));
      made.firstElementChild.open = true;
      return made;
    }));
    if (chosen.length > MOST_PRINTED) $("findings").append(element("li", {}, `… and ${counted(chosen.length - MOST_PRINTED, "more finding")}.`));
  });
  addEventListener("afterprint", show);

  // -- the picture ----------------------------------------------------------------------------------------

  const SVG = "http://www.w3.org/2000/svg";
  const SHAPES = new Set(["svg", "g", "a", "title", "text", "polygon", "polyline", "path", "ellipse"]);
  const DRAWN = new Set(("viewBox width height transform points d cx cy rx ry x y fill stroke stroke-width stroke-dasharray "
    + "text-anchor font-family font-size font-weight").split(" "));

  /** The drawing, made anew from shapes, text and links alone, whatever stands in it; null for none. */
  function drawn(encoded) {
    if (!encoded) return null;
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    const read = new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml");
    const made = redrawn(read.documentElement);
    if (!made) return null;
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", "The Workers with their bindings, and marks where something is wrong. The findings are listed below.");
    return made;
  }

  function redrawn(node) {
    if (!SHAPES.has(node.localName)) return null;
    const made = document.createElementNS(SVG, node.localName);
    for (const { name, value } of node.attributes) {
      if (DRAWN.has(name) && !value.includes("url(")) made.setAttribute(name, value);
    }
    if (node.localName === "text") made.textContent = node.textContent;
    else for (const child of node.children) if (child.localName !== "title") made.append(redrawn(child) ?? "");
    if (node.localName !== "a") return made;
    const address = node.getAttribute("xlink:href") ?? "", title = node.getAttribute("xlink:title") ?? "";
    if (title) made.prepend(Object.assign(document.createElementNS(SVG, "title"), { textContent: title }));
    if (address && URL.canParse(address, location.href) && /^(https?|file):$/.test(new URL(address, location.href).protocol)) {
      made.setAttribute("href", address);
      made.setAttribute("rel", "noreferrer");
    }
    return made;
  }

  // -- the start ---------------------------------------------------------------------------------------

  const checked = `${counted(data.files, "file")} of ${counted(data.workersChecked, "Worker")} checked`;
  const hushed = data.suppressed ? ` ${counted(data.suppressed, "finding")} suppressed by comments.` : "";
  const fixed = data.fixed ? ` ${counted(data.fixed, "finding")} fixed.` : "";
  $("summary").textContent = `${counted(findings.length, "finding")}; ${checked}.${fixed}${hushed}`
    + (data.partial ? " The analysis is partial: not everything could be read." : "");
  $("made").textContent = `cflint ${data.version}`;
  const drawing = drawn($("drawing").textContent);
  if (drawing) {
    document.querySelector("#picture .scroll").append(drawing);
    $("picture").hidden = false;
  }
  if (data.noPicture) {
    $("no-picture").append(...prose(data.noPicture));
    $("no-picture").hidden = false;
  }
  if (data.notices.length) {
    $("notices").firstElementChild.textContent = `Notices of the run (${data.notices.length})`;
    $("notices").lastElementChild.append(...data.notices.slice(0, 1000).map(([level, message, path, line]) =>
      element("li", {}, `${level}: `, path ? element("span", { class: "path" }, `${path}${line ? `:${line}` : ""}: `) : "", ...prose(message))));
    $("notices").hidden = false;
  }
  fillSelects();
  drawPast();
  let typing = 0;
  $("q").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => choose({ q: $("q").value }), 150);
  });
  $("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    choose({ q: $("q").value });
  });
  $("clear").addEventListener("click", () => {
    wanted = { q: "" };
    choose({});
    $("q").focus();
  });
  $("copy").addEventListener("click", () => copy($("copy"), location.hash));
  $("previous").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  $("findings").addEventListener("keydown", (event) => {
    if (event.target.tagName !== "SUMMARY" || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...document.querySelectorAll("#findings summary")];
    const at = all.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    all[to].focus();
  });
  addEventListener("hashchange", recall);
  recall();
})();
