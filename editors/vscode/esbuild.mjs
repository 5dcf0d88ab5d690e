// Bundle the extension into dist/, or with --tests the tests into out/.
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
await build({
  entryPoints: tests
    ? [...["command", "extension", "install", "page", "server"].map((name) => `test/${name}.test.ts`), "src/extension.ts"]
    : ["src/extension.ts"],
  outdir: tests ? "out" : "dist",
  outbase: tests ? "." : "src",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify: !tests,
  sourcemap: tests ? "inline" : false,
  logLevel: "warning",
});
