// What TypeScript says to each text: one JSON line in, one out. {"text"} is parsed: {"errors": number};
// {"text", "check": true} is type-checked beside the types of Workers: {"codes": [number, ...]}.
"use strict";

const path = require("node:path");
const readline = require("node:readline");

const modules = process.argv[2];
const ts = require(path.join(modules, "typescript"));
const WORKERS = path.join(modules, "@cloudflare/workers-types/index.d.ts");
const OPTIONS = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ["lib.es2024.d.ts"], types: [] };
const kept = new Map();

function check(text) {
  const host = ts.createCompilerHost(OPTIONS);
  const read = host.getSourceFile;
  host.getSourceFile = (name, ...rest) => {
    if (name === "/a.ts") return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
    if (!kept.has(name)) kept.set(name, read.call(host, name, ...rest));
    return kept.get(name);
  };
  const program = ts.createProgram(["/a.ts", WORKERS], OPTIONS, host);
  const file = program.getSourceFile("/a.ts");
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ code }) => code);
}

function answer({ text, check: checked }) {
  if (checked) return { codes: check(text) };
  const file = ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  return { errors: file.parseDiagnostics.length };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
});
