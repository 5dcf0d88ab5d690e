// Where the program of this platform is. Each platform has a package, of which a package manager installs the one whose
// `os`, `cpu` and `libc` fit; those that do not know `libc` install both of Linux.
"use strict";

const { dirname, join } = require("node:path");
const { name, version, optionalDependencies } = require("./package.json");

/** The path of the program. Throws an Error that says what to do when there is none. */
function program() {
  const stem = `${name}-${process.platform}-${process.arch}`;
  const known = Object.keys(optionalDependencies).filter((it) => it === stem || it.startsWith(`${stem}-`));
  const found = new Map();
  for (const candidate of known) {
    try {
      found.set(candidate, dirname(require.resolve(`${candidate}/package.json`)));
    } catch {
      // not installed
    }
  }
  const chosen = found.size > 1 ? `${stem}-${libc()}` : found.keys().next().value;
  const folder = found.get(chosen);
  if (folder === undefined) {
    throw new Error(
      known.length > 0
        ? `none of ${known.join(", ")} is installed; do not leave out optional dependencies (${name} ${version})`
        : `there is no build for ${process.platform} on ${process.arch}; install cflint with Python instead`,
    );
  }
  return join(folder, "cflint", process.platform === "win32" ? "cflint.exe" : "cflint");
}

/** The C library that Node.js runs with. */
function libc() {
  process.report.excludeNetwork = true; // which takes long to look up, and is not for us
  return process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "gnu";
}

module.exports = { program };
