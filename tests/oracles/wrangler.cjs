// What wrangler itself makes of configurations, many in one process.
//
// Usage: node wrangler.cjs <node_modules>
// Reads one JSON request a line, {"path": file}, and answers each with one line: {"parse": message} when the
// file cannot be read, else {"environments": {"": …, <name>: …}}. wrangler exports `readConfig` but not its
// diagnostics, so a line that exports the functions behind it is put after the bundle's text.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_LOG = "none";
delete process.env.CLOUDFLARE_ENV;

const INSIDE = [
  "experimental_readRawConfig",
  "normalizeAndValidateConfig",
  "convertConfigToBindings",
  "getDurableObjectClassNameToUseSQLiteMap",
];

function loadWrangler(folder) {
  const file = path.join(folder, "wrangler-dist", "cli.js");
  const bundle = new Module(file, null);
  bundle.filename = file;
  bundle.paths = Module._nodeModulePaths(path.dirname(file));
  const named = INSIDE.map((name) => `${name}: ${name === "experimental_readRawConfig" ? "exports." : ""}${name}`);
  bundle._compile(`${fs.readFileSync(file, "utf8")}\nmodule.inside = { ${named.join(", ")} };\n`, file);
  return bundle.inside;
}

function messages(diagnostics) {
  const children = diagnostics.children.map(messages);
  return {
    errors: [...diagnostics.errors, ...children.flatMap((child) => child.errors)],
    warnings: [...diagnostics.warnings, ...children.flatMap((child) => child.warnings)],
  };
}

function readEnvironment(wrangler, file, env) {
  // read anew each time: the normalisation changes the object that it is given
  const { rawConfig } = wrangler.experimental_readRawConfig({ config: file });
  let found;
  try {
    found = wrangler.normalizeAndValidateConfig(rawConfig, file, file, { env: env || undefined });
  } catch (error) {
    return { thrown: String(error.message) };
  }
  const { config, diagnostics } = found;
  const answer = { ...messages(diagnostics) };
  if (answer.errors.length > 0) return answer;
  answer.name = config.name ?? null;
  answer.main = config.main ?? null;
  answer.compatibility_date = config.compatibility_date ?? null;
  answer.compatibility_flags = config.compatibility_flags ?? [];
  answer.crons = config.triggers?.crons ?? [];
  answer.consumers = (config.queues?.consumers ?? []).map((consumer) => consumer.queue);
  answer.tails = [config.tail_consumers, config.streaming_tail_consumers]
    .flatMap((tails) => (Array.isArray(tails) ? tails : []))
    .map((tail) => tail.service);
  answer.required_secrets = config.secrets?.required ?? [];
  answer.bindings = wrangler.convertConfigToBindings(config, { pages: config.pages_build_output_dir !== undefined });
  try {
    const classes = wrangler.getDurableObjectClassNameToUseSQLiteMap(config.migrations, config.exports);
    answer.classes = Object.fromEntries(classes);
  } catch (error) {
    answer.replay = String(error.message);
  }
  return answer;
}

function answerTo(wrangler, { path: file }) {
  let names;
  try {
    names = Object.keys(wrangler.experimental_readRawConfig({ config: file }).rawConfig?.env ?? {});
  } catch (error) {
    return { parse: String(error.message ?? error.text) };
  }
  const environments = {};
  for (const name of ["", ...names]) environments[name] = readEnvironment(wrangler, file, name);
  return { environments };
}

const wrangler = loadWrangler(path.join(process.argv[2], "wrangler"));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    answer = answerTo(wrangler, JSON.parse(line));
  } catch (error) {
    answer = { crash: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
