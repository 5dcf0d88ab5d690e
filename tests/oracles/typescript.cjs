// How many syntax errors TypeScript's parser finds in each text: one JSON line in, one out.
"use strict";

const path = require("node:path");
const readline = require("node:readline");

const ts = require(path.join(process.argv[2], "typescript"));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { text } = JSON.parse(line);
  const file = ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  process.stdout.write(`${JSON.stringify({ errors: file.parseDiagnostics.length })}\n`);
});
