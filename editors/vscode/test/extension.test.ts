// The manifest and the bundle belong together.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const source = readFileSync("src/extension.ts", "utf8");
const readme = readFileSync("README.md", "utf8");

test("every command of the manifest is registered, and no other", () => {
  const declared = manifest.contributes.commands.map((entry: { command: string }) => entry.command);
  const registered = [...source.matchAll(/registerCommand\("([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(registered.sort(), declared.sort());
});

test("a command that only lenses give is not in the palette", () => {
  assert.deepEqual(manifest.contributes.menus.commandPalette, [{ command: "cflint.showReferences", when: "false" }]);
});

test("every setting is read, and described in the README", () => {
  for (const [name, setting] of Object.entries<{ markdownDescription: string }>(manifest.contributes.configuration.properties)) {
    assert.ok(setting.markdownDescription, name);
    assert.ok(readme.includes(`\`${name}\``), name);
    if (name !== "cflint.trace.server") {
      assert.ok(source.includes(`"${name.replace("cflint.", "")}"`), name);
    }
  }
});

test("settings that say what to run are restricted", () => {
  assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations, ["cflint.path", "cflint.args"]);
});

test("the server's version and the extension's are the same", () => {
  const project = readFileSync("../../pyproject.toml", "utf8");
  assert.equal(/^version = "([^"]+)"/m.exec(project)?.[1], manifest.version);
});
