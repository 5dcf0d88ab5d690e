"use strict";
/* Which rules are about the text of an error: what src/cflint/rule/errors.py does, for the page `errors`. */
(() => {
  const MOST_BETWEEN = 600, LEAST_WORDS = 4, FEW = 8, LEAST_ALIKE = 0.6, MOST = 6;
  const CODE_OF_TEXT = /\[(?:API )?code: (\d+)\]|^error (TS\d+): |^(\d{4,5}): |^error code: (\d+)$|^Error (\d{4}): /g;
  const CODE_GIVEN = /\b(ts\d{4,5})\b|\b(?:code|\w*error)s?\b[^\w\n]{1,5}(\d{4,6})\b|^\W*(\d{4,6})\W*$/g;
  const KIND = /^(?:Uncaught )?(?:\w*Error|ERROR): /;
  const WHOLE = 3, PART = 2, CODE = 1, ALIKE = 0;

  /** The words of a text, in small letters and between single blanks, without colours and all signs. */
  function plain(text) {
    const bare = text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "").replaceAll("\\n", " ").toLowerCase();
    return ` ${(bare.match(/[a-z0-9_$]+/g) || []).join(" ")} `;
  }
  const wordsOf = (text) => new Set(text.split(" ").filter(Boolean));
  const codesOf = (pattern, text) =>
    new Set([...text.matchAll(pattern)].flatMap((found) => found.slice(1)).filter(Boolean).map((code) => code.toLowerCase()));

  /** Whether the parts stand in a text one after the other, not far from each other. */
  function holds(text, parts) {
    for (let start = text.indexOf(parts[0]); start >= 0; start = text.indexOf(parts[0], start + 1)) {
      let at = start + parts[0].length - 1;
      const rest = parts.slice(1).every((part) => {
        const found = text.slice(at, at + MOST_BETWEEN + part.length).indexOf(part);
        at += found + part.length - 1;
        return found >= 0;
      });
      if (rest) return true;
    }
    return false;
  }

  function known([rule, printedBy, text]) {
    let shown = text.replace(CODE_OF_TEXT, "");
    const without = shown.replace(KIND, "");
    if (wordsOf(plain(without)).size && plain(without).trim().split(" ").length >= LEAST_WORDS) shown = without;
    const parts = shown.split("…").map(plain).filter((part) => part.trim());
    return { rule, printedBy, text, parts, whole: plain(text), codes: codesOf(CODE_OF_TEXT, text), words: wordsOf(parts.join("")) };
  }

  class ErrorTexts {
    constructor(rows) {
      this.known = rows.map(known);
      const counts = new Map();
      for (const it of this.known) for (const word of wordsOf(it.whole)) counts.set(word, (counts.get(word) || 0) + 1);
      this.rarest = this.known.length ? Math.log(1 + this.known.length) : 1;
      this.weights = new Map([...counts].map(([word, number]) => [word, Math.log((1 + this.known.length) / number)]));
    }

    weight(words) {
      let sum = 0;
      for (const word of words) sum += this.weights.get(word) ?? this.rarest;
      return sum || 1e-9;
    }

    /** Hits, the best first; the certain ones alone when there are any. */
    find(given) {
      const text = plain(given), words = wordsOf(text), codes = codesOf(CODE_GIVEN, given.toLowerCase());
      const isCode = codes.size > 0 && [...words].every((word) => codes.has(word) || ["api", "code", "error"].includes(word));
      const best = new Map();
      for (const it of this.known) {
        const found = this.match(it, text, words, codes, isCode);
        if (!found) continue;
        found[1] = Math.round(found[1] * 1e9) / 1e9; // sums that differ in their order alone are equal
        const before = best.get(it.rule);
        if (!before || found[0] > before.match || (found[0] === before.match && found[1] > before.weight)) {
          best.set(it.rule, { rule: it.rule, printedBy: it.printedBy, text: it.text, match: found[0], weight: found[1] });
        }
      }
      const ordered = [...best.values()].sort((one, other) =>
        other.match - one.match || other.weight - one.weight || (one.rule < other.rule ? -1 : 1));
      const certain = ordered.filter((hit) => hit.match >= PART);
      return certain.length ? certain : ordered;
    }

    match(it, text, words, codes, isCode) {
      const hasCode = [...it.codes].some((code) => codes.has(code));
      if (it.parts.length) {
        if (holds(text, it.parts)) return [WHOLE, this.weight(it.words) + (hasCode ? 1 : 0)];
      } else if (hasCode) return [WHOLE, this.rarest];
      if (it.whole.includes(text) && (words.size > 1 || this.weight(words) >= this.rarest - Math.log(FEW))) {
        return [PART, this.weight(words) / this.weight(it.words)];
      }
      const common = [...words].filter((word) => it.words.has(word));
      if (hasCode) return [isCode ? PART : CODE, this.weight(common)];
      if (common.length < 2) return null;
      const shared = this.weight(common);
      const alike = Math.max(common.length > 2 ? shared / this.weight(it.words) : 0, shared / this.weight(words));
      return alike >= LEAST_ALIKE ? [ALIKE, alike] : null;
    }
  }
  globalThis.CflintErrorTexts = ErrorTexts;
  if (typeof document === "undefined") return;

  const { texts, summaries } = globalThis.CFLINT_ERRORS;
  const finder = new ErrorTexts(texts);
  const field = document.getElementById("error-text"), result = document.getElementById("error-result");

  function element(name, ...children) {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  }
  const prose = (text) => text.split(/`([^`]+)`/).map((piece, at) => (at % 2 ? element("code", piece) : piece));

  function show() {
    const text = field.value.trim();
    result.replaceChildren();
    if (!text) return;
    const hits = finder.find(text);
    if (!hits.length) {
      result.append(element("p", "No rule knows this text. Most errors of the platform are about nothing that a linter sees."));
      return;
    }
    if (hits[0].match < PART) {
      result.append(element("p", "No rule knows this text. These know one like it, or one of the same code:"));
    }
    const list = element("ul");
    for (const hit of hits.slice(0, MOST)) {
      const link = element("a", hit.rule);
      link.href = `../rules/${hit.rule}/`;
      list.append(element("li", link, ": ", ...prose(summaries[hit.rule]), ".", element("br"), `Printed by ${hit.printedBy}: `, element("code", hit.text)));
    }
    result.append(list);
    if (hits.length > MOST) result.append(element("p", `And ${hits.length - MOST} that are less likely.`));
  }

  /** The text stands in the address, so that a search can be shared; it is not sent to the server. */
  function recall() {
    const text = new URLSearchParams(location.hash.slice(1)).get("text");
    if (text !== null && text !== field.value) field.value = text;
    show();
  }
  field.addEventListener("input", () => {
    const text = field.value.trim();
    history.replaceState(null, "", text && text.length < 500 ? `#${new URLSearchParams({ text })}` : location.pathname);
    show();
  });
  addEventListener("hashchange", recall);
  document.getElementById("error-search").hidden = false;
  recall();
})();
