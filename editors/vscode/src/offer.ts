// Offers to install the server; nothing is installed before somebody asks for it.

import { execFile } from "node:child_process";
import { homedir } from "node:os";

import { ConfigurationTarget, ExtensionContext, LogOutputChannel, ProgressLocation, window, workspace } from "vscode";

import { Surroundings } from "./command";
import { installArguments, Installer, installers, sourceProblem } from "./install";

const SOURCE = "cflint.installedFrom";
const EXAMPLE = "git+https://github.com/OWNER/cflint@main";
const LONGEST = 10 * 60_000;

/** Tell that there is no server, and do what is chosen. Whether there may be one now. */
export async function offer(
  context: ExtensionContext,
  output: LogOutputChannel,
  problem: string,
  around: Surroundings,
): Promise<boolean> {
  const found = installers(around);
  const install = found.map(({ name }) => `Install with ${name}`);
  const choice = await window.showWarningMessage(`cflint: ${problem}`, ...install, "Choose a path…", "Not now");
  if (choice === "Choose a path…") {
    return choosePath();
  }
  const installer = found[install.indexOf(choice ?? "")];
  return installer === undefined ? false : installWith(context, output, installer);
}

async function choosePath(): Promise<boolean> {
  const [file] = (await window.showOpenDialog({ title: "The command cflint", openLabel: "Use this" })) ?? [];
  if (file === undefined) {
    return false;
  }
  await workspace.getConfiguration("cflint").update("path", file.fsPath, ConfigurationTarget.Global);
  return false; // the change of the setting starts the server
}

async function installWith(context: ExtensionContext, output: LogOutputChannel, installer: Installer): Promise<boolean> {
  const source = await window.showInputBox({
    title: `Install cflint with ${installer.name}`,
    prompt: "From where: a repository (@ and a commit pins the version), a wheel, or a clone",
    value: context.globalState.get<string>(SOURCE, EXAMPLE),
    ignoreFocusOut: true,
    validateInput: sourceProblem,
  });
  if (source === undefined || sourceProblem(source) !== undefined) {
    return false;
  }
  const args = installArguments(installer, source.trim());
  output.info(`${installer.command} ${args.join(" ")}`);
  const options = { location: ProgressLocation.Notification, title: `Installing cflint with ${installer.name}`, cancellable: true };
  try {
    await window.withProgress(options, (_, token) => run(installer.command, args, output, (stop) => token.onCancellationRequested(stop)));
  } catch (error) {
    output.error(String(error));
    void window.showErrorMessage(`cflint was not installed; the output of ${installer.name} says why.`, "Output").then((choice) => {
      if (choice !== undefined) {
        output.show();
      }
    });
    return false;
  }
  await context.globalState.update(SOURCE, source.trim());
  return true;
}

/** Run a program in the home folder, so that nothing of a workspace decides about it. */
function run(command: string, args: string[], output: LogOutputChannel, onStop: (stop: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { cwd: homedir(), timeout: LONGEST }, (error, stdout, stderr) => {
      for (const line of `${stdout}${stderr}`.split(/\r?\n/).filter((text) => text !== "")) {
        output.info(line);
      }
      if (error === null) {
        resolve();
      } else {
        reject(error);
      }
    });
    onStop(() => child.kill());
  });
}
