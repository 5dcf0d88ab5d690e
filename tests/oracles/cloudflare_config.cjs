// What wrangler itself makes of `cloudflare.config.ts` files, many in one process.
//
// Usage: node cloudflare_config.cjs <node_modules>
// Reads one JSON request a line, {"path": file, "mode": text or null, "isPreview": boolean, "env": {…}}, and
// answers each with one line: {"load": message} when the file cannot be loaded, {"issues": [{path, message}]}
// when the loader refuses it, else {"config": wrangler's own lowering}. A `wrangler.config.ts` beside it is
// read as well. wrangler exports none of this, so a line that hands it out is put after the bundle's text.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_LOG = "none";
process.removeAllListeners("warning");

const INSIDE = [
  "loadAndParseConfig",
  "loadConfig",
  "convertToWranglerConfig",
  "convertToolingConfig",
  "mergeRawConfigs",
  "resolveWranglerConfig",
  "formatWranglerConfigZodError",
  "WranglerConfigSchema",
];

function loadWrangler(folder) {
  const file = path.join(folder, "wrangler-dist", "cli.js");
  const text = fs.readFileSync(file, "utf8");
  const initialisers = new Set();
  for (const mark of ["    KnownBindingSchema = ", "    WranglerConfigSchema = ", "    __name(loadNewConfig,"]) {
    const before = text.slice(0, text.indexOf(`\n${mark}`));
    initialisers.add([...before.matchAll(/^var (init_\w+) = __esm\(/gm)].at(-1)[1]);
  }
  const bundle = new Module(file, null);
  bundle.filename = file;
  bundle.paths = Module._nodeModulePaths(path.dirname(file));
  const lines = [...initialisers].map((name) => `${name}();`);
  bundle._compile(`${text}\n${lines.join("\n")}\nmodule.inside = { ${INSIDE.join(", ")} };\n`, file);
  return bundle.inside;
}

const issuesOf = (error) =>
  error.issues.map((issue) => ({ path: issue.path ?? [], message: issue.message, code: issue.code, keys: issue.keys }));

async function answerTo(wrangler, { path: file, mode, isPreview, env = {} }) {
  const context = { mode: mode ?? undefined, isPreview };
  const before = { ...process.env };
  Object.assign(process.env, env);
  process.chdir(path.dirname(file));
  try {
    const { result } = await wrangler.loadAndParseConfig(file, context);
    if (!result.success) return { issues: issuesOf(result.error) };
    let raw = wrangler.convertToWranglerConfig(result.data);
    const beside = path.join(path.dirname(file), "wrangler.config.ts");
    if (fs.existsSync(beside)) {
      const loaded = await wrangler.loadConfig(beside);
      const parsed = wrangler.WranglerConfigSchema.safeParse(await wrangler.resolveWranglerConfig(loaded.config, context));
      if (!parsed.success) return { issues: issuesOf(parsed.error), tooling: true };
      raw = wrangler.mergeRawConfigs(raw, wrangler.convertToolingConfig(parsed.data));
    }
    return { config: raw, worker: result.data.worker !== undefined };
  } catch (error) {
    return { load: String(error?.message ?? error) };
  } finally {
    for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
    Object.assign(process.env, before);
  }
}

const wrangler = loadWrangler(path.join(process.argv[2], "wrangler"));
async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answerTo(wrangler, JSON.parse(line)))}\n`);
  }
}
void main();
