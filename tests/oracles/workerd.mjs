// Runs Workers in the real runtime, through miniflare.
//
// Usage: node workerd.mjs <node_modules>
// Reads one JSON request a line and answers each with one line, when all are read: {"start": message} when the
// Worker does not start, {"error": message} when the exercise throws, else {"value": …}. A request has the
// Worker's modules (`page`: TypeScript; `main`: JavaScript that imports "./page.mjs", or ""), its bindings (`more`: options of miniflare), and
// `exercise`, the body of a function of another Worker, which has `env.EXAMPLE`, the Worker, and all of its
// bindings. Requests share one process of workerd, but those that are `alone`: they may not start, and what the
// runtime logs for them is in the answer's `said`. `fetch()` leads nowhere: every address answers {"ok":true}.
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const require = createRequire(path.join(path.resolve(process.argv[2]), "_.js"));
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

async function workersOf({ page, main, exercise, date, kv, d1, r2, objects, more }, id) {
  const { code } = await esbuild.transform(page, { loader: "ts", format: "esm", target: "es2022" });
  const modules = [asModule("page.mjs", code)];
  if (main) modules.unshift(asModule("main.mjs", main));
  const named = (names) => Object.fromEntries(names.map((name) => [name, `${id}-${name}`]));
  const common = {
    compatibilityDate: date,
    outboundService: () => new Response('{"ok":true}'),
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
for (const id of ids.filter((id) => requests[id].alone)) await run(requests, [id], answers);
process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
process.exit(0);
