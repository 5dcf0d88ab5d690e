// The extension: starts `cflint server`, keeps it in step with the settings, and shows how it fares.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import {
  commands,
  ExtensionContext,
  languages,
  LanguageStatusItem,
  LanguageStatusSeverity,
  Location,
  LogOutputChannel,
  Position,
  Range,
  Uri,
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

import { Command, findCommand, Surroundings } from "./command";
import { offer } from "./offer";
import { Panels } from "./panel";

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

/** Where the server was found, for people. */
const ORIGINS: Readonly<Record<Command["origin"], string>> = {
  setting: "the setting cflint.path",
  workspace: "the environment of the workspace",
  extension: "the build in the extension",
  PATH: "PATH",
  home: "~/.local/bin",
  uv: "a tool of uv",
  pipx: "a tool of pipx",
};

/** So many times a server that ended unasked is started again within so many milliseconds. */
const RESTARTS = 4;
const PATIENCE = 3 * 60_000;

let context: ExtensionContext;
let output: LogOutputChannel;
let status: LanguageStatusItem;
let client: LanguageClient | undefined;
/** When servers ended unasked, lately. */
let ends: readonly number[] = [];
/** Whether the installation was offered since the window opened: once is enough, unless somebody starts the server. */
let offered = false;
/** Starts and stops happen one after the other, however fast they are asked for. */
let last: Promise<void> = Promise.resolve();

export async function activate(given: ExtensionContext): Promise<void> {
  context = given;
  output = window.createOutputChannel("cflint", { log: true });
  status = languages.createLanguageStatusItem("cflint.status", SELECTOR);
  status.name = "cflint";
  status.command = { command: "cflint.restart", title: "Restart" };
  const panels = new Panels(askForPicture);
  context.subscriptions.push(
    output,
    status,
    panels,
    commands.registerCommand("cflint.restart", () => {
      offered = false;
      return restart();
    }),
    commands.registerCommand("cflint.showReferences", showReferences),
    commands.registerCommand("cflint.showPicture", async (folder?: Uri) => {
      const wanted = folder ?? (await chosenFolder());
      if (wanted !== undefined) {
        await panels.show(wanted);
      }
    }),
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

interface WirePosition {
  readonly line: number;
  readonly character: number;
}

interface WireLocation {
  readonly uri: string;
  readonly range: { readonly start: WirePosition; readonly end: WirePosition };
}

/** What a lens does: lists the places that it counts. */
async function showReferences(uri: string, position: WirePosition, locations: readonly WireLocation[]): Promise<void> {
  const at = (place: WirePosition): Position => new Position(place.line, place.character);
  const found = locations.map(({ uri, range }) => new Location(Uri.parse(uri), new Range(at(range.start), at(range.end))));
  await commands.executeCommand("editor.action.showReferences", Uri.parse(uri), at(position), found);
}

/** The folder whose picture is meant: the only one, that of the open file, or one that is chosen. */
async function chosenFolder(): Promise<Uri | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  const open = window.activeTextEditor?.document.uri;
  const around = open === undefined ? undefined : workspace.getWorkspaceFolder(open);
  return (around ?? (folders.length > 1 ? await window.showWorkspaceFolderPick() : folders[0]))?.uri;
}

async function askForPicture(folder: Uri): Promise<string | undefined> {
  await last;
  if (client === undefined) {
    throw new Error("the server is not running.");
  }
  const drawn = await client.sendRequest<string | null>("workspace/executeCommand", {
    command: "cflint.graph",
    arguments: [folder.toString()],
  });
  return drawn ?? undefined;
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
  const around: Surroundings = {
    setting: settings.get<string>("path", ""),
    args: settings.get<string[]>("args", []),
    folders: (workspace.workspaceFolders ?? []).filter((f) => f.uri.scheme === "file").map((f) => f.uri.fsPath),
    trusted: workspace.isTrusted,
    extension: context.extensionPath,
    env: process.env,
    home: homedir(),
    platform: process.platform,
    isExecutable,
  };
  const found = findCommand(around);
  if ("problem" in found) {
    if (found.absent) {
      output.warn(found.problem);
      show("cflint is not installed", found.problem, LanguageStatusSeverity.Warning);
      void offerOnce(found.problem, around);
    } else {
      fail(found.problem);
    }
    return;
  }
  output.info(`starting ${found.command} ${found.args.join(" ")}`);
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
    const origin = ORIGINS[found.origin];
    output.info(`cflint ${version} runs: ${found.command} (${origin})`);
    show(`cflint ${version}`.trim(), `${found.command} (${origin})`, LanguageStatusSeverity.Information);
  } catch (error) {
    client = undefined;
    fail(`The server did not start; the output may say why. ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    status.busy = false;
  }
}

/** Offers the installation, once for a window; a server that is there afterwards is started. */
async function offerOnce(problem: string, around: Surroundings): Promise<void> {
  if (offered) {
    return;
  }
  offered = true;
  if (await offer(context, output, problem, around)) {
    await restart();
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
    initializationOptions: {
      select: select.length > 0 ? select : undefined,
      ignore: settings.get("ignore", []),
      showReferences: true,
    },
    middleware: {
      provideCodeLenses: (document, token, next) =>
        workspace.getConfiguration("cflint").get<boolean>("codeLens", true) ? next(document, token) : [],
    },
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
