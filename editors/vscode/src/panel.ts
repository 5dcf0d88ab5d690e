// The panel with the picture of a folder's Workers: drawn here, by Graphviz, from what the server says.

import { randomBytes } from "node:crypto";

import { Disposable, Position, Range, Uri, ViewColumn, WebviewPanel, window, workspace } from "vscode";

import { page, placeOf } from "./page";

/** Asks the server for the picture of a folder in Graphviz's language; undefined where there is none. */
export type Ask = (folder: Uri) => Promise<string | undefined>;

export class Panels implements Disposable {
  private readonly shown = new Map<string, { readonly panel: WebviewPanel; readonly folder: Uri }>();
  private readonly saved: Disposable;

  constructor(private readonly ask: Ask) {
    this.saved = workspace.onDidSaveTextDocument((document) => {
      for (const { panel, folder } of this.shown.values()) {
        if (workspace.getWorkspaceFolder(document.uri)?.uri.toString() === folder.toString()) {
          void this.draw(panel, folder);
        }
      }
    });
  }

  async show(folder: Uri): Promise<void> {
    const known = this.shown.get(folder.toString());
    if (known !== undefined) {
      known.panel.reveal();
      await this.draw(known.panel, folder);
      return;
    }
    const panel = window.createWebviewPanel("cflint.picture", "cflint: the picture", ViewColumn.Beside, {
      enableScripts: true,
      localResourceRoots: [],
      retainContextWhenHidden: false,
    });
    this.shown.set(folder.toString(), { panel, folder });
    panel.onDidDispose(() => this.shown.delete(folder.toString()));
    panel.webview.onDidReceiveMessage((message: { readonly open?: unknown }) => void open(message.open));
    panel.webview.html = page(undefined, nonce(), "The picture is being drawn …");
    await this.draw(panel, folder);
  }

  dispose(): void {
    this.saved.dispose();
    for (const { panel } of this.shown.values()) {
      panel.dispose();
    }
  }

  private async draw(panel: WebviewPanel, folder: Uri): Promise<void> {
    let svg: string | undefined;
    let message = "There is no Worker in this folder.";
    try {
      const dot = await this.ask(folder);
      svg = dot === undefined ? undefined : await drawn(dot);
    } catch (error) {
      message = `The picture cannot be drawn: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (this.shown.get(folder.toString())?.panel === panel) {
      panel.webview.html = page(svg, nonce(), message);
    }
  }
}

/** What Graphviz draws; it is loaded when the first picture is asked for. */
async function drawn(dot: string): Promise<string> {
  const { instance } = await import("@viz-js/viz");
  return (await instance()).renderString(dot, { format: "svg" });
}

/** Opens the place that a link of the picture means, if it is in the workspace. */
async function open(link: unknown): Promise<void> {
  const place = typeof link === "string" ? placeOf(link) : undefined;
  const uri = place === undefined ? undefined : Uri.parse(place.uri, true);
  if (place === undefined || uri === undefined || workspace.getWorkspaceFolder(uri) === undefined) {
    return;
  }
  const at = new Position(place.line, place.character);
  await window.showTextDocument(uri, { selection: new Range(at, at), viewColumn: ViewColumn.One });
}

function nonce(): string {
  return randomBytes(16).toString("base64url");
}
