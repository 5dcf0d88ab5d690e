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
  ViewColumn,
  window,
  workspace,
} from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  LanguageClientOptions,
  ServerOptions,
  State,
} from "vscode-languageclient/node";

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

/** So many times a server that ended unasked is started again within so many milliseconds. */
const RESTARTS = 4;
const PATIENCE = 3 * 60_000;

let output: LogOutputChannel;
let status: LanguageStatusItem;
let client: LanguageClient | undefined;
/** When servers ended unasked, lately. */
let ends: readonly number[] = [];
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
    commands.registerCommand("cflint.inspectHere", inspectHere),
    workspace.onDidChangeConfiguration((event) => {
      if (RESTARTING.some((name) => event.affectsConfiguration(name))) {
        void restart();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => void restart()),
  );
  await restart();
}

/** Shows what the server knows of the place of the cursor, and what a rule did there if one is chosen. */
async function inspectHere(): Promise<void> {
  const editor = window.activeTextEditor;
  if (editor === undefined || client === undefined) {
    return;
  }
  const { document, selection } = editor;
  const here = languages.getDiagnostics(document.uri).filter((d) => d.source === "cflint" && d.range.contains(selection.active));
  const names = here.map((d) => String(typeof d.code === "object" ? d.code.value : d.code));
  const rule = await window.showInputBox({
    prompt: "The rule to explain here; empty for none",
    value: names[0] ?? "",
  });
  if (rule === undefined) {
    return;
  }
  const text = await client.sendRequest<string | null>("workspace/executeCommand", {
    command: "cflint.inspect",
    arguments: [document.uri.toString(), selection.active, rule.trim()],
  });
  const shown = await workspace.openTextDocument({ content: text ?? "cflint knows nothing of this file.\n" });
  await window.showTextDocument(shown, { preview: true, viewColumn: ViewColumn.Beside });
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
  client = made;
  try {
    await made.start();
    if (made.state !== State.Running) {
      throw new Error("It ended at once.");
    }
    made.onDidChangeState(({ newState }) => {
      if (client === made && newState === State.Stopped) {
        startAgain();
      }
    });
    const version = made.initializeResult?.serverInfo?.version ?? "";
    show(`cflint ${version}`.trim(), found.command, LanguageStatusSeverity.Information);
  } catch (error) {
    client = undefined;
    fail(`The server did not start; the output may say why. ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    status.busy = false;
  }
}

/** After a server that ran has ended unasked: another one, unless it ends again and again. */
function startAgain(): void {
  client = undefined;
  const now = Date.now();
  ends = [...ends.filter((time) => now - time < PATIENCE), now];
  if (ends.length > RESTARTS) {
    ends = [];
    fail(`The server ended ${RESTARTS + 1} times within ${PATIENCE / 60_000} minutes, and was not started again.`);
    return;
  }
  show("cflint stopped", "it is being started again", LanguageStatusSeverity.Warning);
  void restart();
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
    // A client that starts its server again by itself does so behind a failed start, too: there were two servers then,
    // of which one could not be stopped. What is "handled" is written to the output, without a message on the screen.
    errorHandler: {
      error: (_error, _message, count) => ({
        action: count !== undefined && count <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown,
        handled: true,
      }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true, message: "The server ended unasked." }),
    },
    initializationFailedHandler: () => false,
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
