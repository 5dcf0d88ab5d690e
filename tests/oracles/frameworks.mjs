// Runs modules of frameworks as their builds and servers do.
//
// Usage: node frameworks.mjs <node_modules>
// Reads one JSON request a line, {"folder", "code"}, and answers each with one line: {"value"}, or {"error": message}.
// `code` is the body of a function that runs in the folder and has `load("<framework>/<path>")`, a module of a
// framework beside node_modules, `page(path)`, a module of the folder, and `config()`, what wrangler reads
// there. What these import and is not installed has a stand-in, whose functions do what `STAND_INS` says, or nothing.
import fs from "node:fs";
import { createRequire, registerHooks } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

process.removeAllListeners("warning");
const MODULES = path.resolve(process.argv[2]);
const FRAMEWORKS = path.join(MODULES, "../frameworks");
const require = createRequire(path.join(MODULES, "_.js"));
const load = (name) => import(pathToFileURL(path.join(FRAMEWORKS, name)).href);

const ALIASES = {
  "@opennextjs/cloudflare": "opennext/dist/api/index.js",
  "@opennextjs/cloudflare/overrides/incremental-cache/r2-incremental-cache":
    "opennext/dist/api/overrides/incremental-cache/r2-incremental-cache.js",
  "@opennextjs/cloudflare/overrides/queue/memory-queue": "opennext/dist/api/overrides/queue/memory-queue.js",
  "@cloudflare/vite-plugin": "vite-plugin/dist/index.mjs",
  "rwsdk/worker": "rwsdk/dist/runtime/requestInfo/worker.js",
  unstorage: "unstorage/dist/index.mjs",
};
const OTHERS = new Set(["miniflare"]);
const STAND_INS = {
  DEV: "false", // of esm-env
  merge_tracing: "(event) => event", // of SvelteKit
  with_request_store: "(store, run) => run()", // of SvelteKit
  VERSION: '"2.70.4"', // of @sveltejs/kit
  env: "globalThis.bindings", // of cloudflare:workers
  IgnorableError: "Error", // of @opennextjs/aws
  globSync: "() => []", // of glob: nothing was cached yet
  createError: "(message) => new Error(message)", // of h3
  defineRwState: "(name, make) => make()", // of rwsdk
  getNodeCompat: "() => ({ mode: null })", // of the miniflare of the Vite plugin's version
  useRuntimeConfig: "() => ({ hub: { database: true } })", // of Nuxt
};

function standIn(name, parent) {
  const names = new Set();
  const source = fs.readFileSync(fileURLToPath(parent), "utf8");
  for (const [, clause, from] of source.matchAll(/import\s+([^"';]+?)\s+from\s+["']([^"']+)["']/g)) {
    if (from !== name) continue;
    for (const one of /\{([^}]*)\}/.exec(clause)?.[1].split(",") ?? []) {
      if (one.trim()) names.add(one.trim().split(/\s+as\s+/)[0]);
    }
  }
  const lines = [...names].map((one) => `export const ${one} = ${STAND_INS[one] ?? "function () {}"};`);
  return [...lines, "export default new Proxy({}, { get: () => () => undefined });"].join("\n");
}

registerHooks({
  resolve(name, context, next) {
    if (name in ALIASES) return next(pathToFileURL(path.join(FRAMEWORKS, ALIASES[name])).href, context);
    const isTheirs = !(context.parentURL ?? "").includes("/node_modules/");
    try {
      if (isTheirs && (name.startsWith("cloudflare:") || OTHERS.has(name))) throw new Error("has a stand-in");
      return next(name, context);
    } catch (error) {
      if (!isTheirs || /^[./]|^file:/.test(name)) throw error;
      const url = `stand-in:${encodeURIComponent(name)}?${encodeURIComponent(context.parentURL)}`;
      return { url, format: "module", shortCircuit: true };
    }
  },
  load(url, context, next) {
    if (!url.startsWith("stand-in:")) return next(url, context);
    const [name, parent] = url.slice("stand-in:".length).split("?").map(decodeURIComponent);
    return { source: standIn(name, parent), format: "module", shortCircuit: true };
  },
});

const Code = (async () => {}).constructor;

async function answer({ folder, code }) {
  process.chdir(folder);
  const page = (name) => import(pathToFileURL(path.join(folder, name)).href);
  const config = () => require("wrangler").unstable_readConfig({ config: path.join(folder, "wrangler.jsonc") });
  try {
    return { value: (await new Code("load", "page", "config", "fs", code)(load, page, config, fs)) ?? null };
  } catch (error) {
    return { error: `${error?.name}: ${error?.message}` };
  }
}

const answers = [];
const say = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true; // what frameworks print is no answer
for await (const line of readline.createInterface({ input: process.stdin })) answers.push(await answer(JSON.parse(line)));
say(answers.map((one) => `${JSON.stringify(one)}\n`).join(""), () => process.exit(0));
