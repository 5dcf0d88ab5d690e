// How the server is installed when somebody asks for it: no part of VS Code in here.

import { lookUp, Surroundings } from "./command";

/** A program that installs commands of Python, each into an environment of its own. */
export interface Installer {
  readonly name: "uv" | "pipx";
  readonly command: string;
}

/** The installers that there are, best first. */
export function installers(around: Surroundings): Installer[] {
  return (["uv", "pipx"] as const).flatMap((name) => {
    const command = lookUp(name, around);
    return command === undefined ? [] : [{ name, command }];
  });
}

/** The arguments with which an installer installs, or replaces, the server. */
export function installArguments(installer: Installer, source: string): string[] {
  return installer.name === "uv" ? ["tool", "install", "--force", source] : ["install", "--force", source];
}

/** Why something is not installed from; undefined where it can be. A bare name would be looked up in PyPI, where `cflint`
 * is nobody's: what is installed comes from a repository, a commit of it, a wheel or a folder. */
export function sourceProblem(source: string): string | undefined {
  const text = source.trim();
  if (/\s/.test(text) && !/^(\/|[A-Za-z]:\\)/.test(text)) {
    return "An address has no spaces.";
  }
  if (/^git\+(https|ssh):\/\/[^/]+\/.+/.test(text)) {
    return /OWNER/.test(text) ? "Put the account that hosts the repository in place of OWNER." : undefined;
  }
  if (/^https:\/\/[^/]+\/.+\.whl$/.test(text) || /^(\/|[A-Za-z]:\\)/.test(text)) {
    return undefined;
  }
  return "Give git+https://…, the address or the path of a wheel, or the path of a clone; cflint is not in PyPI.";
}
