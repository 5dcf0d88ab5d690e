// The schemas of `cloudflare.config.ts` and `wrangler.config.ts` that a wrangler has in its bundle, as JSON.
//
// Usage: node cloudflare_config_schemas.cjs <folder of the package wrangler> <node_modules with what it needs>
// wrangler exports none of them, so a line that hands them out is put after the bundle's text. Their names
// have changed; those that a version lacks are left out.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_LOG = "none";

const NAMES = [
  "CloudflareConfigSchema",
  "InputConfigSchema",
  "InputWorkerSchema",
  "KnownBindingSchema",
  "UnsafeBindingSchema",
  "ExportSchema",
  "WranglerConfigSchema",
];
const SINGLETONS = "SINGLETON_BINDING_TYPES";

function initialisers(text) {
  const found = new Set();
  for (const name of NAMES) {
    const at = text.search(new RegExp(`^ {4}${name} = `, "m"));
    if (at === -1) continue;
    found.add([...text.slice(0, at).matchAll(/^var (init_\w+) = __esm\(/gm)].at(-1)[1]);
  }
  return ["init_zod", ...found];
}

function load(folder, modules) {
  const file = path.resolve(folder, "wrangler-dist", "cli.js");
  const bundle = new Module(file, null);
  bundle.filename = file;
  bundle.paths = [path.resolve(modules), ...Module._nodeModulePaths(path.dirname(file))];
  const text = fs.readFileSync(file, "utf8");
  const lines = initialisers(text).map((name) => `${name}();`);
  const known = [...NAMES, SINGLETONS, "toJSONSchema"];
  const getters = known.map((name) => `get ${name}() { return typeof ${name} === "undefined" ? undefined : ${name}; }`);
  bundle._compile(`${text}\n${lines.join("\n")}\nmodule.inside = { ${getters.join(", ")} };\n`, file);
  return bundle.inside;
}

const inside = load(process.argv[2], process.argv[3]);
const result = { [SINGLETONS]: [...inside[SINGLETONS]] };
for (const name of NAMES) {
  if (inside[name] === undefined) continue;
  result[name] = inside.toJSONSchema(inside[name], { io: "input", unrepresentable: "any" });
}
process.stdout.write(JSON.stringify(result));
