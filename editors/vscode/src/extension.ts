// The extension: starts `cflint server`, keeps it in step with the settings, and shows how it fares.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import {
  commands,
  ExtensionContext,
  languages,
  LanguageStatusItem,
  LanguageStatusSeverity,
  LogOutputChannel,
  window,
  workspace,
} from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions, State } from "vscode-languageclient/node";

import { Command, findCommand } from "./command";

const SELECTOR = [
  ...["typescript", "typescriptreact", "javascript", "javascriptreact", "python"].map((language) => ({
    scheme: "file",
    language,
  })),
  ...["**/wrangler*.{toml,json,jsonc}", "**/package.json", "**/.dev.vars*", "**/cflint.toml"].map((pattern) => ({
    scheme: "file",
    pattern,
  })),
];

const RESTARTING = ["cflint.enable", "cflint.path", "cflint.args"];

let output: LogOutputChannel;
let status: LanguageStatusItem;
let client: LanguageClient | undefined;
/** Starts and stops happen one after the other, however fast they are asked for. */
let last: Promise<void> = Promise.resolve();

export async function activate(context: ExtensionContext): Promise<void> {
  output = window.createOutputChannel("cflint", { log: true });
  status = languages.createLanguageStatusItem("cflint.status", SELECTOR);
  status.name = "cflint";
  status.command = { command: "cflint.restart", title: "Restart" };
  context.subscriptions.push(
    output,
    status,
    commands.registerCommand("cflint.restart", restart),
    commands.registerCommand("cflint.showOutput", () => output.show()),
    workspace.onDidChangeConfiguration((event) => {
      if (RESTARTING.some((name) => event.affectsConfiguration(name))) {
        void restart();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => void restart()),
  );
  await restart();
}

export function deactivate(): Promise<void> {
  return inTurn(stop);
}

function restart(): Promise<void> {
  return inTurn(async () => {
    await stop();
    await start();
  });
}

function inTurn(action: () => Promise<void>): Promise<void> {
  last = last.then(action, action);
  return last;
}

async function start(): Promise<void> {
  const settings = workspace.getConfiguration("cflint");
  if (!settings.get<boolean>("enable", true)) {
    show("cflint is off", "the setting cflint.enable says so", LanguageStatusSeverity.Information);
    return;
  }
  const found = findCommand({
    setting: settings.get<string>("path", ""),
    args: settings.get<string[]>("args", []),
    folders: (workspace.workspaceFolders ?? []).filter((f) => f.uri.scheme === "file").map((f) => f.uri.fsPath),
    trusted: workspace.isTrusted,
    env: process.env,
    home: homedir(),
    platform: process.platform,
    isExecutable,
  });
  if ("problem" in found) {
    fail(found.problem);
    return;
  }
  output.info(`starting ${found.command} ${found.args.join(" ")} (from ${found.origin})`);
  status.busy = true;
  const made = new LanguageClient("cflint", "cflint", serverOptions(found), clientOptions());
  made.onDidChangeState(({ newState }) => {
    if (client === made && newState === State.Stopped) {
      show("cflint stopped", "see its output", LanguageStatusSeverity.Error);
    }
  });
  client = made;
  try {
    await made.start();
    const version = made.initializeResult?.serverInfo?.version ?? "";
    show(`cflint ${version}`.trim(), found.command, LanguageStatusSeverity.Information);
  } catch (error) {
    client = undefined;
    fail(`The server did not start: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    status.busy = false;
  }
}

async function stop(): Promise<void> {
  const old = client;
  client = undefined;
  try {
    await old?.dispose();
  } catch (error) {
    output.warn(`the server did not end as it should: ${String(error)}`);
  }
}

function serverOptions(found: Command): ServerOptions {
  return {
    command: found.command,
    args: [...found.args],
    options: { cwd: workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir() },
  };
}

function clientOptions(): LanguageClientOptions {
  const settings = workspace.getConfiguration("cflint");
  const select = settings.get<string[]>("select", []);
  return {
    documentSelector: SELECTOR,
    outputChannel: output,
    initializationOptions: { select: select.length > 0 ? select : undefined, ignore: settings.get("ignore", []) },
    synchronize: { configurationSection: "cflint" },
  };
}

function show(text: string, detail: string, severity: LanguageStatusSeverity): void {
  status.text = text;
  status.detail = detail;
  status.severity = severity;
}

function fail(problem: string): void {
  output.error(problem);
  show("cflint is not running", problem, LanguageStatusSeverity.Error);
  void window.showErrorMessage(`cflint: ${problem}`, "Settings", "Output").then((choice) => {
    if (choice === "Settings") {
      void commands.executeCommand("workbench.action.openSettings", "cflint.path");
    } else if (choice === "Output") {
      output.show();
    }
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
