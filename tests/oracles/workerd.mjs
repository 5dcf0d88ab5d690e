// Runs Workers in the real runtime, through miniflare.
//
// Usage: node workerd.mjs <node_modules>
// Reads one JSON request a line and answers each with one line, when all are read: {"start": message} when the
// Worker does not start, {"error": message} when the exercise throws, else {"value": …}. A request has the
// Worker's modules (`page`: TypeScript; `main`: JavaScript that imports "./page.mjs", or ""), its bindings (`more`: options of miniflare), and
// `exercise`, the body of a function of another Worker, which has `env.EXAMPLE`, the Worker, and all of its
// bindings. Requests share one process of workerd, but those that are `alone`: they may not start, and what the
// runtime logs for them is in the answer's `said`. `fetch()` leads nowhere: every address answers
// {"ok":true}, with the names of the headers that were sent in `x-sent`.
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const FOLDER = path.resolve(process.argv[2]);
const require = createRequire(path.join(FOLDER, "_.js"));
const { Miniflare, Log, LogLevel, Response, convertV4MiniflareOptions } = require("miniflare");
const esbuild = require("esbuild");

const HARNESS_FLAGS = ["service_binding_extra_handlers"];

const harness = (exercise) => `
export default {
  async fetch(request, env, ctx) {
    try {
      const value = await (async () => { ${exercise} })();
      return Response.json({ value: value ?? null });
    } catch (error) {
      return Response.json({ error: \`\${error?.name}: \${error?.message}\` });
    }
  },
};
`;

const asModule = (name, contents) => ({ type: "ESModule", path: name, contents });

const NODE = ["path"]; // what packages import without "node:"
const AT_ONCE = 6; // those that are alone mostly wait
const FORMAT = { format: "esm", target: "es2022" };
const PACKAGE = /\bfrom "(?!cloudflare:|node:|\.)/;

// Modules of packages are bundled with the page, as wrangler does; `stubs` are modules that a build tool makes.
async function codeOf(page, stubs) {
  if (!PACKAGE.test(page)) return (await esbuild.transform(page, { loader: "ts", ...FORMAT })).code;
  const stubbed = {
    name: "stubbed",
    setup(build) {
      build.onResolve({ filter: /^virtual:/ }, ({ path }) => ({ path, namespace: "stub" }));
      build.onLoad({ filter: /.*/, namespace: "stub" }, ({ path }) => ({ contents: stubs[path] }));
    },
  };
  const { outputFiles } = await esbuild.build({
    stdin: { contents: page, loader: "ts", resolveDir: FOLDER },
    alias: Object.fromEntries(NODE.map((name) => [name, `node:${name}`])),
    bundle: true,
    write: false,
    conditions: ["workerd", "worker", "browser"],
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["cloudflare:*", "node:*"],
    plugins: [stubbed],
    logLevel: "silent",
    ...FORMAT,
  });
  return outputFiles[0].text;
}

async function workersOf({ page, main, exercise, date, kv, d1, r2, objects, stubs, more }, id) {
  const code = await codeOf(page, stubs);
  const modules = [asModule("page.mjs", code)];
  if (main) modules.unshift(asModule("main.mjs", main));
  const named = (names) => Object.fromEntries(names.map((name) => [name, `${id}-${name}`]));
  const common = {
    compatibilityDate: date,
    outboundService: (request) => new Response('{"ok":true}', { headers: { "x-sent": [...request.headers.keys()].join(" ") } }),
    kvNamespaces: named(kv),
    d1Databases: named(d1),
    r2Buckets: named(r2),
  };
  const own = Object.entries(objects).map(([name, { className, sqlite }]) => [name, { className, useSQLite: sqlite }]);
  const theirs = own.map(([name, object]) => [name, { ...object, scriptName: `example-${id}` }]);
  return [
    {
      ...common,
      name: `harness-${id}`,
      compatibilityFlags: HARNESS_FLAGS,
      modules: [asModule("harness.mjs", harness(exercise))],
      serviceBindings: { EXAMPLE: `example-${id}` },
      durableObjects: Object.fromEntries(theirs),
    },
    { ...common, name: `example-${id}`, modules, durableObjects: Object.fromEntries(own), ...more },
  ];
}

async function run(requests, ids, answers) {
  const said = [];
  let miniflare;
  try {
    const workers = await Promise.all(ids.map((id) => workersOf(requests[id], id)));
    const options = convertV4MiniflareOptions({
      log: new Log(LogLevel.NONE),
      verbose: ids.length === 1,
      handleStructuredLogs: ({ message }) => said.push(message),
      workers: workers.flat(),
    });
    miniflare = new Miniflare(options);
    await miniflare.ready;
    for (const id of ids) {
      const worker = await miniflare.getWorker(`harness-${id}`);
      answers[id] = await (await worker.fetch("http://harness.internal/")).json();
    }
    if (ids.length === 1) await new Promise((resolve) => setTimeout(resolve, 200)); // for what it logs
  } catch (error) {
    for (const id of ids) answers[id] ??= { start: String(error?.message ?? error) };
  } finally {
    await miniflare?.dispose().catch(() => {});
  }
  if (ids.length === 1) answers[ids[0]].said = said;
}

const requests = [];
for await (const line of readline.createInterface({ input: process.stdin })) requests.push(JSON.parse(line));
const answers = [];
const ids = requests.map((_, id) => id);
await run(requests, ids.filter((id) => !requests[id].alone), answers);
const alone = ids.filter((id) => requests[id].alone);
const next = async () => {
  for (let id = alone.shift(); id !== undefined; id = alone.shift()) await run(requests, [id], answers);
};
await Promise.all(Array.from({ length: AT_ONCE }, next));
process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
process.exit(0);
