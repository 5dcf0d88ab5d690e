import assert from "node:assert/strict";
import { test } from "node:test";

import { findCommand, Surroundings } from "../src/command";

function around(files: string[], changes: Partial<Surroundings> = {}): Surroundings {
  return {
    setting: "",
    args: [],
    folders: ["/work/api", "/work/site"],
    trusted: true,
    extension: "/ext",
    env: { PATH: "/usr/local/bin:/usr/bin", TOOLS: "/opt/tools" },
    home: "/home/me",
    platform: "linux",
    isExecutable: (file) => files.includes(file),
    ...changes,
  };
}

function commandOf(files: string[], changes: Partial<Surroundings> = {}): string {
  const found = findCommand(around(files, changes));
  return "problem" in found ? found.problem : `${found.origin}: ${found.command}`;
}

const EVERYWHERE = ["/work/api/.venv/bin/cflint", "/work/site/venv/bin/cflint", "/usr/bin/cflint", "/opt/tools/cflint"];

test("the setting comes first", () => {
  assert.equal(commandOf(EVERYWHERE, { setting: "/opt/tools/cflint" }), "setting: /opt/tools/cflint");
});

test("then the workspace's environments, then PATH", () => {
  assert.equal(commandOf(EVERYWHERE), "workspace: /work/api/.venv/bin/cflint");
  assert.equal(commandOf(EVERYWHERE.slice(1)), "workspace: /work/site/venv/bin/cflint");
  assert.equal(commandOf(EVERYWHERE.slice(2)), "PATH: /usr/bin/cflint");
});

test("last comes what pipx and uv install", () => {
  const own = "/home/me/.local/bin/cflint";
  assert.equal(commandOf([own, "/usr/bin/cflint"]), "PATH: /usr/bin/cflint");
  assert.equal(commandOf([own], { trusted: false, env: {} }), `home: ${own}`);
});

test("a self-contained build in the extension comes before PATH", () => {
  assert.equal(commandOf(["/ext/server/cflint", "/usr/bin/cflint"]), "extension: /ext/server/cflint");
  assert.equal(commandOf(["/ext/server/cflint", ...EVERYWHERE]), "workspace: /work/api/.venv/bin/cflint");
});

test("the tools of uv and pipx are found where no folder of PATH leads to them", () => {
  const uv = "/home/me/.local/share/uv/tools/cflint/bin/cflint";
  const pipx = "/home/me/.local/share/pipx/venvs/cflint/bin/cflint";
  assert.equal(commandOf([pipx, uv]), `uv: ${uv}`);
  assert.equal(commandOf([pipx]), `pipx: ${pipx}`);
  assert.equal(commandOf(["/t/cflint/bin/cflint"], { env: { UV_TOOL_DIR: "/t" } }), "uv: /t/cflint/bin/cflint");
  assert.equal(commandOf(["/p/venvs/cflint/bin/cflint"], { env: { PIPX_HOME: "/p" } }), "pipx: /p/venvs/cflint/bin/cflint");
});

test("only a server that is nowhere is offered", () => {
  const nowhere = findCommand(around([]));
  const mistaken = findCommand(around([], { setting: "/nowhere/cflint" }));
  assert.deepEqual(["absent" in nowhere && nowhere.absent, "absent" in mistaken && mistaken.absent], [true, false]);
});

test("nothing of a workspace that is not trusted is run", () => {
  assert.equal(commandOf(EVERYWHERE, { trusted: false }), "PATH: /usr/bin/cflint");
  assert.match(commandOf(EVERYWHERE.slice(0, 2), { trusted: false }), /not found/);
});

test("relative entries of PATH are left out", () => {
  assert.match(commandOf(["cflint", "./bin/cflint", "bin/cflint"], { env: { PATH: ".:bin::./bin" } }), /not found/);
});

test("what stands for something else in the setting is replaced", () => {
  for (const setting of ["${env:TOOLS}/cflint", " /opt/tools/cflint ", "../../opt/tools/cflint"]) {
    assert.equal(commandOf(EVERYWHERE, { setting }), "setting: /opt/tools/cflint");
  }
  assert.equal(commandOf(["/home/me/bin/cflint"], { setting: "~/bin/cflint" }), "setting: /home/me/bin/cflint");
  const inside = "/work/api/tools/cflint";
  assert.equal(commandOf([inside], { setting: "${workspaceFolder}/tools/cflint" }), `setting: ${inside}`);
  assert.equal(commandOf([inside], { setting: "./tools/cflint" }), `setting: ${inside}`);
  assert.equal(commandOf(["/usr/bin/cflint-next"], { setting: "cflint-next" }), "setting: /usr/bin/cflint-next");
});

test("a setting that names nothing is a problem, not a reason to look elsewhere", () => {
  assert.match(commandOf(EVERYWHERE, { setting: "/nowhere/cflint" }), /says \/nowhere\/cflint, which is no command/);
  assert.match(commandOf(EVERYWHERE, { setting: "${env:MISSING}/cflint" }), /no command/);
});

test("a name in the setting with the signs of a replacement is taken as it is", () => {
  assert.equal(commandOf(["/x$&/cflint"], { setting: "${env:ODD}/cflint", env: { ODD: "/x$&" } }), "setting: /x$&/cflint");
});

test("Windows", () => {
  const windows = {
    platform: "win32" as const,
    folders: ["C:\\work"],
    env: { Path: "C:\\bin;tools" },
    home: "C:\\Users\\me",
  };
  const uv = "C:\\Users\\me\\AppData\\Roaming\\uv\\tools\\cflint\\Scripts\\cflint.exe";
  assert.equal(commandOf([uv], windows), `uv: ${uv}`);
  const inside = "C:\\work\\.venv\\Scripts\\cflint.exe";
  assert.equal(commandOf([inside], windows), `workspace: ${inside}`);
  assert.equal(commandOf(["C:\\bin\\cflint.exe"], windows), "PATH: C:\\bin\\cflint.exe");
  assert.equal(
    commandOf(["C:\\work\\tools\\cflint.exe"], { ...windows, setting: "tools\\cflint" }),
    "setting: C:\\work\\tools\\cflint.exe",
  );
});

test("the server's arguments", () => {
  const found = findCommand(around(EVERYWHERE, { args: ["--log-level", "info"] }));
  assert.deepEqual("args" in found && found.args, ["server", "--log-level", "info"]);
});
