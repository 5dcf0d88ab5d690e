"""A monorepo of as many Workers as one likes, and how the time and memory of `cflint check` grow with it.

    python benchmarks/monorepo.py --make 5000 FOLDER        write one
    python benchmarks/monorepo.py [--sizes 625,1250,2500,5000] [--runs 3] [-j 1]

In the monorepo every Worker has a `main`, a module of its own, a Durable Object and a configuration with two
environments; ten share a package of the workspace, and all share one that imports another. Every seventh
Worker has the name of another one (a clash), every eleventh a mistake, and the service bindings go round:
each Worker calls the next one, the last the first. Nothing is random: the same number gives the same bytes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PER_PACKAGE = 10
SIZES = "625,1250,2500,5000"

_CONFIG = """{{
  "name": "{name}",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": {{ "enabled": true }},
  "kv_namespaces": [{{ "binding": "STORE", "id": "{number:032x}" }}],
  "durable_objects": {{ "bindings": [{{ "name": "ROOM", "class_name": "Room" }}] }},
  "migrations": [{{ "tag": "v1", "new_sqlite_classes": ["Room"] }}],
  "services": [{{ "binding": "NEXT", "service": "{next}" }}],
  "env": {{
    "staging": {{
      "kv_namespaces": [{{ "binding": "STORE", "id": "{number:032x}" }}],
      "durable_objects": {{ "bindings": [{{ "name": "ROOM", "class_name": "Room" }}] }},
      "services": [{{ "binding": "NEXT", "service": "{next}-staging" }}]
    }}
  }}
}}
"""
_INDEX = """import {{ log }} from "@repo/base";
import {{ shared{package} }} from "@repo/shared-{package}";
import {{ answer }} from "./answer";
export {{ Room }} from "./room";

interface Env {{
  STORE: KVNamespace;
  ROOM: DurableObjectNamespace;
  NEXT: Fetcher;
}}

export default {{
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {{
    ctx.waitUntil(log(request.url));
    if (request.headers.get("x-seen") === "{name}") return new Response("round", {{ status: 508 }});
    const known = await env.STORE.get(shared{package}(request.url));
    if (known !== null) return answer(known);
    const stub = env.ROOM.get(env.ROOM.idFromName("room-{number}"));
    const found = await stub.fetch(request);
    return found.ok ? found : env.NEXT.fetch(request);
  }},
}} satisfies ExportedHandler<Env>;
"""
_ANSWER = """export function answer(text: string): Response {{
  return new Response(text, {{ headers: {{ "x-worker": "{number}" }} }});
}}
"""
_ROOM = """import {{ DurableObject }} from "cloudflare:workers";

export class Room extends DurableObject {{
  async fetch(request: Request): Promise<Response> {{
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, {{ status: 426 }});
    const [client, server] = Object.values(new WebSocketPair());
    {accept};
    return new Response(null, {{ status: 101, webSocket: client }});
  }}

  async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {{
    socket.send(message);
  }}
}}
"""
_SHARED = """import {{ key }} from "@repo/base";

export function shared{package}(url: string): string {{
  return key("{package}", url);
}}
"""
_BASE = """export async function log(text: string): Promise<void> {
  await fetch("https://logs.example.com/", { method: "POST", body: text });
}

export function key(prefix: string, url: string): string {
  return `${prefix}:${new URL(url).pathname}`;
}
"""


def make(root: Path, workers: int) -> None:
    """Write a monorepo with that many Workers below a folder."""
    write(root / ".git" / "HEAD", "ref: refs/heads/main\n")
    write(root / "package.json", '{ "private": true, "workspaces": ["packages/*", "workers/*"] }\n')
    write(root / "packages/base/package.json", '{ "name": "@repo/base", "main": "src/index.ts" }\n')
    write(root / "packages/base/src/index.ts", _BASE)
    for package in range((workers + PER_PACKAGE - 1) // PER_PACKAGE):
        folder = root / f"packages/shared-{package}"
        write(folder / "package.json", f'{{ "name": "@repo/shared-{package}", "main": "src/index.ts" }}\n')
        write(folder / "src/index.ts", _SHARED.format(package=package))
    for number in range(workers):
        folder = root / f"workers/worker-{number}"
        accept = "server.accept()" if number % 11 == 0 else "this.ctx.acceptWebSocket(server)"
        values = {
            "number": number,
            "name": name_of(number),
            "next": name_of((number + 1) % workers),
            "package": number // PER_PACKAGE,
        }
        write(folder / "package.json", f'{{ "name": "worker-{number}", "private": true }}\n')
        write(folder / "wrangler.jsonc", _CONFIG.format(**values))
        write(folder / "src/index.ts", _INDEX.format(**values))
        write(folder / "src/answer.ts", _ANSWER.format(**values))
        write(folder / "src/room.ts", _ROOM.format(accept=accept))


def name_of(number: int) -> str:
    """The name of a Worker: every seventh has that of the one before it."""
    return f"worker-{number - 1 if number % 7 == 6 else number}"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def measure(root: Path, jobs: int) -> tuple[float, float, float]:
    """Seconds from start to end, seconds of the processor, and the most memory of a process in megabytes."""
    command = [sys.executable, "-m", "cflint", "check", "-q", "--no-cache", "-j", str(jobs)]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--output-format", "concise", str(root)], stdout=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 1:
        raise SystemExit(f"cflint ended with {process.returncode} where it should find something")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--make", type=int, metavar="WORKERS", help="write a monorepo into FOLDER, and stop")
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--sizes", default=SIZES, help="how many Workers to measure with")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("-j", "--jobs", type=int, default=1)
    given = parser.parse_args()
    if given.make is not None:
        if given.folder is None:
            parser.error("--make needs a FOLDER")
        make(given.folder, given.make)
        return
    sizes = [int(size) for size in given.sizes.split(",")]
    with tempfile.TemporaryDirectory() as place:
        roots = {size: Path(place, str(size)) for size in sizes}
        for size, root in roots.items():
            make(root, size)
        taken: dict[int, list[tuple[float, float, float]]] = {size: [] for size in sizes}
        for _ in range(given.runs):
            for size, root in roots.items():  # interleaved: a busy machine is slow for all of them
                taken[size].append(measure(root, given.jobs))
    rows = [
        "| Workers | wall (s) | processor (s) | ms per Worker | memory (MB) | KB per Worker |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in sizes:
        wall, busy, memory = (statistics.median(column) for column in zip(*taken[size], strict=True))
        each, kilobytes = busy / size * 1000, memory / size * 1024
        rows.append(f"| {size} | {wall:.2f} | {busy:.2f} | {each:.2f} | {memory:.0f} | {kilobytes:.1f} |")
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
