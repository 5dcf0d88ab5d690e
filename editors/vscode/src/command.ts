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
  /** The folder of the extension. */
  readonly extension: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly isExecutable: (file: string) => boolean;
}

/** The server's command line, and where it was found. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly origin: "setting" | "workspace" | "extension" | "PATH" | "home" | "uv" | "pipx";
}

/** Why there is no server; `absent`: it is nowhere, and could be installed. */
export interface Problem {
  readonly problem: string;
  readonly absent: boolean;
}

/** The command that starts the server: that of the setting, else the workspace's, else a self-contained build in the
 * extension's folder, else that of PATH, else one that uv or pipx installed, whose folder is not always in the PATH of
 * an editor. */
export function findCommand(around: Surroundings): Command | Problem {
  const args = ["server", ...around.args];
  const setting = around.setting.trim();
  if (setting !== "") {
    const wanted = expand(setting, around);
    const found = isPath(wanted, around) ? executable(wanted, around) : lookUp(wanted, around);
    return found === undefined
      ? { problem: `The setting cflint.path says ${wanted}, which is no command.`, absent: false }
      : { command: found, args, origin: "setting" };
  }
  for (const [origin, files] of places(around)) {
    const found = files.map((file) => executable(file, around)).find((file) => file !== undefined);
    if (found !== undefined) {
      return { command: found, args, origin };
    }
  }
  return {
    problem:
      "The command cflint was not found in .venv, venv, PATH or ~/.local/bin, nor among the tools of uv and pipx. " +
      "Install cflint, or name the command in the setting cflint.path.",
    absent: true,
  };
}

type Places = readonly (readonly [Exclude<Command["origin"], "setting">, readonly string[]])[];

/** Where the command may be, best first. */
function places(around: Surroundings): Places {
  const { join } = paths(around);
  const { env, home } = around;
  const scripts = around.platform === "win32" ? "Scripts" : "bin";
  const inside = around.folders.flatMap((folder) => [".venv", "venv"].map((name) => join(folder, name, scripts, "cflint")));
  const data = env["XDG_DATA_HOME"] ?? join(home, ".local", "share");
  const roaming = env["APPDATA"] ?? join(home, "AppData", "Roaming");
  const local = env["LOCALAPPDATA"] ?? join(home, "AppData", "Local");
  const windows = around.platform === "win32";
  const uv = env["UV_TOOL_DIR"] ?? (windows ? join(roaming, "uv", "tools") : join(data, "uv", "tools"));
  const pipx = env["PIPX_HOME"] ? [env["PIPX_HOME"]] : windows ? [join(home, "pipx"), join(local, "pipx", "pipx")] : [join(data, "pipx"), join(home, ".local", "pipx")];
  return [
    ["workspace", around.trusted ? inside : []],
    ["extension", [join(around.extension, "server", "cflint")]],
    ["PATH", inPath("cflint", around)],
    ["home", [join(home, ".local", "bin", "cflint")]],
    ["uv", [join(uv, "cflint", scripts, "cflint")]],
    ["pipx", pipx.map((folder) => join(folder, "venvs", "cflint", scripts, "cflint"))],
  ];
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

/** A command of that path that can be run, under the name that it has on the platform. */
function executable(file: string, around: Surroundings): string | undefined {
  const name = around.platform !== "win32" || /\.(exe|cmd|bat|com)$/i.test(file) ? file : `${file}.exe`;
  return around.isExecutable(name) ? name : undefined;
}

/** A command in PATH. */
export function lookUp(name: string, around: Surroundings): string | undefined {
  return inPath(name, around)
    .map((file) => executable(file, around))
    .find((file) => file !== undefined);
}

/** Where PATH may have a command. Its relative entries are left out: they mean the folder the editor was started in. */
function inPath(name: string, around: Surroundings): string[] {
  const { delimiter, isAbsolute, join } = paths(around);
  const key = around.platform === "win32" ? (Object.keys(around.env).find((k) => /^path$/i.test(k)) ?? "PATH") : "PATH";
  return (around.env[key] ?? "")
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name));
}
