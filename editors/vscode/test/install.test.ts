// What is run to install the server, and what is not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Surroundings } from "../src/command";
import { installArguments, installers, sourceProblem } from "../src/install";

function around(files: string[]): Surroundings {
  return {
    setting: "",
    args: [],
    folders: ["/work"],
    trusted: true,
    extension: "/ext",
    env: { PATH: "/usr/bin:bin" },
    home: "/home/me",
    platform: "linux",
    isExecutable: (file) => files.includes(file),
  };
}

test("installers are those in PATH, none of a workspace", () => {
  assert.deepEqual(installers(around(["/usr/bin/pipx", "/usr/bin/uv"])), [
    { name: "uv", command: "/usr/bin/uv" },
    { name: "pipx", command: "/usr/bin/pipx" },
  ]);
  assert.deepEqual(installers(around(["bin/uv", "/work/.venv/bin/uv", "/work/bin/uv"])), []);
});

test("the arguments of the installers", () => {
  const source = "git+https://github.com/me/cflint@abc";
  assert.deepEqual(installArguments({ name: "uv", command: "/uv" }, source), ["tool", "install", "--force", source]);
  assert.deepEqual(installArguments({ name: "pipx", command: "/pipx" }, source), ["install", "--force", source]);
});

test("what can be installed from", () => {
  for (const source of [
    "git+https://github.com/me/cflint@0123abc",
    "git+ssh://git@example.com/me/cflint",
    "https://example.com/cflint-0.1.0-py3-none-any.whl",
    "/home/me/my projects/cflint",
    "C:\\clones\\cflint",
  ]) {
    assert.equal(sourceProblem(source), undefined, source);
  }
});

test("no name that PyPI would be asked for, no option, no example", () => {
  for (const source of ["cflint", "", "--index-url=https://evil", "cflint @ git+https://x/y", "git+https://github.com/OWNER/cflint", "http://x/a.whl"]) {
    assert.notEqual(sourceProblem(source), undefined, source);
  }
});
