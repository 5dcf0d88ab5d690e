// The page of the picture.

import assert from "node:assert/strict";
import { test } from "node:test";

import { page, placeOf } from "../src/page";

const SVG = '<?xml version="1.0"?><!DOCTYPE svg><svg viewBox="0 0 1 1"></svg>';

test("the page loads nothing, and runs its own script alone", () => {
  const text = page(SVG, "n0nce");
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1];
  assert.equal(policy, "default-src 'none'; style-src 'nonce-n0nce'; script-src 'nonce-n0nce'");
  assert.equal([...text.matchAll(/<(?:script|style)(?! nonce="n0nce">)/g)].length, 0);
  assert.ok(text.includes('<main id="picture"><svg'), "without what comes before the drawing");
  assert.ok(!/https?:/.test(text));
});

test("a message is text", () => {
  assert.ok(page(undefined, "x", "<b>&").includes('<p role="status">&lt;b&gt;&amp;</p>'));
});

test("links lead to files", () => {
  assert.deepEqual(placeOf("file:///a%20b/c.ts#4,2"), { uri: "file:///a%20b/c.ts", line: 4, character: 2 });
  for (const link of ["https://example.com/#1,2", "file:///a.ts", "command:x#1,2", "file://host/a.ts#1,2"]) {
    assert.equal(placeOf(link), undefined, link);
  }
});
