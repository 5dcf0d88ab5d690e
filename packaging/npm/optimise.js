// After an installation by npm: the command becomes a link to the program, so that Node.js need not start first. It
// loads nothing from anywhere. Where it does not run (`--ignore-scripts`), the command works the same, only later.
"use strict";

const fs = require("node:fs");
const { join, relative } = require("node:path");
const { program } = require("./find.js");

// Others write scripts for commands, which start Node.js on what was there before.
const byNpm = (process.env.npm_config_user_agent ?? "").startsWith("npm/");
if (byNpm && process.platform !== "win32") {
  const command = join(__dirname, "cflint");
  const link = `${command}.${process.pid}`;
  try {
    fs.symlinkSync(relative(__dirname, program()), link);
    fs.renameSync(link, command);
  } catch {
    fs.rmSync(link, { force: true });
  }
}
