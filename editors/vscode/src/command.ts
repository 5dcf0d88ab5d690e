// Which command is the server: no part of VS Code in here, so that it can be tested without one.

import * as path from "node:path";

/** What the answer depends on. */
export interface Surroundings {
  /** The setting `cflint.path`. */
  readonly setting: string;
  /** The setting `cflint.args`. */
  readonly args: readonly string[];
  /** The folders of the workspace, as paths. */
  readonly folders: readonly string[];
  /** Whether what lies in the workspace may be run. */
  readonly trusted: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly isExecutable: (file: string) => boolean;
}

/** The server's command line, and where it was found. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly origin: "setting" | "workspace" | "PATH" | "home";
}

/** Why there is no server. */
export interface Problem {
  readonly problem: string;
}

/** The command that starts the server: that of the settings, else of the workspace, else of PATH, else the one that
 * pipx and uv install, whose folder is not always in the PATH of an editor. */
export function findCommand(around: Surroundings): Command | Problem {
  const args = ["server", ...around.args];
  const setting = around.setting.trim();
  if (setting !== "") {
    const wanted = expand(setting, around);
    const found = isPath(wanted, around)
      ? candidates(wanted, around).find(around.isExecutable)
      : lookUp(wanted, around);
    return found === undefined
      ? { problem: `The setting cflint.path says ${wanted}, which is no command.` }
      : { command: found, args, origin: "setting" };
  }
  const inside = around.trusted ? inWorkspace(around) : undefined;
  if (inside !== undefined) {
    return { command: inside, args, origin: "workspace" };
  }
  const found = lookUp("cflint", around);
  if (found !== undefined) {
    return { command: found, args, origin: "PATH" };
  }
  const own = candidates(paths(around).join(around.home, ".local", "bin", "cflint"), around).find(around.isExecutable);
  return own === undefined
    ? {
        problem:
          "The command cflint was not found in .venv, venv, PATH or ~/.local/bin. " +
          "Install cflint, or name the command in the setting cflint.path.",
      }
    : { command: own, args, origin: "home" };
}

function paths(around: Surroundings): path.PlatformPath {
  return around.platform === "win32" ? path.win32 : path.posix;
}

function isPath(command: string, around: Surroundings): boolean {
  return command.includes("/") || (around.platform === "win32" && command.includes("\\"));
}

/** A path with what VS Code's users write in settings replaced; a relative one counts from the first folder. */
function expand(setting: string, around: Surroundings): string {
  const folder = around.folders[0] ?? "";
  const text = setting
    .replace(/^~(?=$|[/\\])/, () => around.home)
    .replace(/\$\{workspaceFolder\}/g, () => folder)
    .replace(/\$\{env:([^}]+)\}/g, (_, name: string) => around.env[name] ?? "");
  const { isAbsolute, join } = paths(around);
  return isPath(text, around) && !isAbsolute(text) && folder !== "" ? join(folder, text) : text;
}

/** The names under which a command may stand in the file system. */
function candidates(file: string, around: Surroundings): string[] {
  if (around.platform !== "win32" || /\.(exe|cmd|bat|com)$/i.test(file)) {
    return [file];
  }
  return [`${file}.exe`];
}

function inWorkspace(around: Surroundings): string | undefined {
  const { join } = paths(around);
  const scripts = around.platform === "win32" ? "Scripts" : "bin";
  return around.folders
    .flatMap((folder) => [".venv", "venv"].map((name) => join(folder, name, scripts, "cflint")))
    .flatMap((file) => candidates(file, around))
    .find(around.isExecutable);
}

/** A command in PATH, whose relative entries are left out: they mean the folder the editor was started in. */
function lookUp(name: string, around: Surroundings): string | undefined {
  const { delimiter, isAbsolute, join } = paths(around);
  const key = around.platform === "win32" ? (Object.keys(around.env).find((k) => /^path$/i.test(k)) ?? "PATH") : "PATH";
  return (around.env[key] ?? "")
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .flatMap((folder) => candidates(join(folder, name), around))
    .find(around.isExecutable);
}
