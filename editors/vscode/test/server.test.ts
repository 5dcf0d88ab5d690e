// A conversation with the real server, through the library that VS Code talks with.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

import { findCommand } from "../src/command";
import { placeOf } from "../src/page";

const found = findCommand({
  setting: process.env["CFLINT"] ?? "",
  args: [],
  folders: [],
  trusted: true,
  extension: "",
  env: process.env,
  home: homedir(),
  platform: process.platform,
  isExecutable: (file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
});

interface Diagnostic {
  readonly code: string;
  readonly range: { readonly start: { readonly line: number } };
}

test("the server answers", { skip: "problem" in found ? found.problem : false, timeout: 60_000 }, async () => {
  assert.ok("command" in found);
  const folder = mkdtempSync(join(tmpdir(), "cflint-vscode-"));
  const config = '{ "name": "x", "main": "index.ts", "compatibility_date": "2025-01-01" }\n';
  const code = "export default {\n  async fetch(request: Request, env: Env) {\n    console.log(env);\n    return new Response();\n  },\n};\n";
  writeFileSync(join(folder, "wrangler.jsonc"), config);
  writeFileSync(join(folder, "index.ts"), code);
  const child = spawn(found.command, [...found.args], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  try {
    const uri = pathToFileURL(join(folder, "index.ts")).href;
    const diagnostics = new Promise<Diagnostic[]>((resolve) => {
      connection.onNotification("textDocument/publishDiagnostics", (given: { uri: string; diagnostics: Diagnostic[] }) => {
        if (given.uri === uri && given.diagnostics.length > 0) {
          resolve(given.diagnostics);
        }
      });
    });
    connection.onRequest("client/registerCapability", () => null);
    connection.onRequest("workspace/configuration", () => []);
    connection.listen();
    const root = pathToFileURL(folder).href;
    await connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: root,
      workspaceFolders: [{ uri: root, name: "x" }],
      capabilities: { textDocument: { publishDiagnostics: {} } },
      initializationOptions: { select: ["no-log-env"] },
    });
    await connection.sendNotification("initialized", {});
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "typescript", version: 1, text: code },
    });
    const [first] = await diagnostics;
    assert.equal(first?.code, "no-log-env");
    assert.equal(first.range.start.line, 2);
    const dot = await connection.sendRequest<string>("workspace/executeCommand", { command: "cflint.graph", arguments: [root] });
    const { instance } = await import("@viz-js/viz");
    const svg = (await instance()).renderString(dot, { format: "svg" });
    const links = [...svg.matchAll(/xlink:href="([^"]+)"/g)].map((match) => placeOf(match[1] ?? ""));
    assert.ok(links.length > 0 && links.every((place) => place?.uri.startsWith(root)), svg);
    await connection.sendRequest("shutdown");
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await connection.sendNotification("exit");
    assert.equal(await ended, 0);
  } finally {
    connection.dispose();
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});
