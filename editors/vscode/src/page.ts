// The page of the panel with the picture: no part of VS Code in here.

/** A page that loads nothing: style and script carry a nonce. `svg` is what Graphviz drew, or undefined with a reason. */
export function page(svg: string | undefined, nonce: string, message = ""): string {
  const body =
    svg === undefined
      ? `<p role="status">${escaped(message)}</p>`
      : `<div id="bar" role="toolbar" aria-label="Zoom">
  <button data-zoom="fit">Fit</button><button data-zoom="in" aria-label="Larger">+</button><button data-zoom="out" aria-label="Smaller">−</button>
</div>
<main id="picture">${withoutPrologue(svg)}</main>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>cflint: the picture</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
${body}
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
}

/** A place that a link of the picture means; undefined of what is none. */
export function placeOf(link: string): { readonly uri: string; readonly line: number; readonly character: number } | undefined {
  const found = /^(file:\/\/\/[^#]*)#(\d{1,9}),(\d{1,9})$/.exec(link);
  return found === null ? undefined : { uri: found[1] ?? "", line: Number(found[2]), character: Number(found[3]) };
}

function withoutPrologue(svg: string): string {
  return svg.slice(Math.max(0, svg.indexOf("<svg")));
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/* Graphviz says its colours in attributes, which rules of style override: nodes keep theirs, what stands on the
 * background takes that of the theme (the colours are those of src/cflint/graph/dot.py). */
const STYLE = `
body { margin: 0; padding: 0; font-family: var(--vscode-font-family); }
p { padding: 1em; }
#bar { position: fixed; top: 8px; right: 20px; display: flex; gap: 4px; z-index: 1; }
button { font: inherit; min-width: 2em; padding: 4px 8px; border: 1px solid var(--vscode-button-border, transparent);
  background: var(--vscode-button-secondaryBackground); color: var(--vscode-button-secondaryForeground); cursor: pointer; }
button:hover { background: var(--vscode-button-secondaryHoverBackground); }
#picture { padding: 48px 16px 16px; box-sizing: border-box; overflow: auto; height: 100vh; }
#picture.fit svg { max-width: 100%; height: auto; }
/* Graphviz measures text by Helvetica; where the system's font is wider, what is beyond the drawing is not cut off. */
svg { overflow: visible; }
svg .graph > polygon:first-of-type { fill: transparent; stroke: none; }
svg .cluster text, svg .edge text[fill="#334155"] { fill: var(--vscode-editor-foreground); }
svg .edge path[stroke="#475569"] { stroke: var(--vscode-editor-foreground); stroke-opacity: .7; }
svg .edge polygon[stroke="#475569"] { stroke: var(--vscode-editor-foreground); fill: var(--vscode-editor-foreground); }
:is(.vscode-dark, .vscode-high-contrast) svg :is(.graph > text, .edge text)[fill="#b91c1c"] { fill: var(--vscode-errorForeground); }
:is(.vscode-dark, .vscode-high-contrast) svg :is(.graph > text, .edge text)[fill="#b45309"] { fill: var(--vscode-editorWarning-foreground); }
svg a { cursor: pointer; }
svg a:focus-visible { outline: 2px solid var(--vscode-focusBorder); outline-offset: 2px; }
svg a:hover { filter: brightness(.92); }
`;

const SCRIPT = `
const vscode = acquireVsCodeApi();
const picture = document.getElementById("picture");
const svg = picture && picture.querySelector("svg");
if (svg) {
  const width = svg.viewBox.baseVal.width, height = svg.viewBox.baseVal.height;
  let zoom = (vscode.getState() || {}).zoom;
  const apply = () => {
    picture.classList.toggle("fit", zoom === undefined);
    svg.setAttribute("width", width * (zoom ?? 1));
    svg.setAttribute("height", height * (zoom ?? 1));
    vscode.setState({ zoom });
  };
  const change = (how) => {
    const now = zoom ?? svg.getBoundingClientRect().width / width;
    zoom = how === "fit" ? undefined : Math.min(4, Math.max(0.1, how === "in" ? now * 1.25 : now / 1.25));
    apply();
  };
  for (const button of document.querySelectorAll("button")) {
    button.addEventListener("click", () => change(button.dataset.zoom));
  }
  picture.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      change(event.deltaY < 0 ? "in" : "out");
    }
  }, { passive: false });
  svg.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link) {
      event.preventDefault();
      event.stopPropagation();
      vscode.postMessage({ open: link.getAttribute("xlink:href") || link.getAttribute("href") });
    }
  }, true);
  apply();
}
`;
