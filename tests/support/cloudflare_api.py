"""A stand-in for Cloudflare's API on this machine: it takes all that wrangler sends, and remembers it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

JWT = "a.eyJleHAiOjk5OTk5OTk5OTl9.b"
"""A token that is valid for long."""


UPLOAD = (
    r"POST /pages/projects/[^/]+/deployments|PUT /workers/scripts/[^/]+|POST /workers/scripts/[^/]+/versions"
)


@dataclass(frozen=True)
class Sent:
    """A request of wrangler's: `PUT`, `/workers/scripts/jobs`, and what it sent."""

    method: str
    path: str
    body: bytes

    @property
    def is_upload(self) -> bool:
        """Whether it is a Worker, or a deployment of Pages."""
        return re.fullmatch(UPLOAD, f"{self.method} {self.path}") is not None

    @property
    def metadata(self) -> dict[str, Any]:
        """What an upload of a Worker says beside its modules."""
        found = re.search(rb'name="metadata"\r\n\r\n(\{.*?\})\r\n', self.body)
        return json.loads(found[1]) if found else {}


@dataclass
class StandIn:
    """What was sent, and the address that wrangler is given."""

    address: str
    sent: list[Sent] = field(default_factory=list)
    migration_tag: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CLOUDFLARE_API_BASE_URL": f"{self.address}/client/v4",
            "CLOUDFLARE_API_TOKEN": "token",
            "CLOUDFLARE_ACCOUNT_ID": "account",
        }

    def answer(self, sent: Sent) -> object:
        """The `result` that the service gives."""
        match sent.method, sent.path.split("/")[1:]:
            case _, ["workers", "services", _]:
                script = {"migration_tag": self.migration_tag} if self.migration_tag else {}
                script["last_deployed_from"] = "wrangler"
                return {"default_environment": {"environment": "production", "script": script}}
            case "PUT", ["workers", "scripts", _]:
                if "migrations" in sent.metadata:
                    self.migration_tag = sent.metadata["migrations"]["new_tag"]
                return {"id": "worker", "deployment_id": "1", "startup_time_ms": 1}
            case _, ["workers", "workers", _]:
                return {"id": "worker", "subdomain": {"enabled": True, "previews_enabled": True}}
            case "POST", ["workers", "scripts", _, "versions"]:
                return {"id": "1", "startup_time_ms": 1, "resources": {"script": {"handlers": ["fetch"]}}}
            case _, [*_, "upload-token" | "assets-upload-session"]:
                return {"jwt": JWT, "buckets": []}
            case _, [*_, "check-missing"]:
                return json.loads(sent.body)["hashes"]
            case "GET", ["pages", "projects", name]:
                return {"name": name, "production_branch": "main", "deployment_configs": {"production": {}}}
            case _, ["pages", "projects", _, "deployments", *_]:
                stage = {"name": "deploy", "status": "success"}
                return {"id": "1", "url": "https://1.site.pages.dev", "latest_stage": stage}
            case _, [*_, "secrets"]:
                return []
            case _, [*_, "deployments"]:
                return {"deployments": []}
            case _, [*_, "subdomain"]:
                return {"subdomain": "account", "enabled": True, "previews_enabled": True}
        return {}


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """A stand-in, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = re.sub(r"^/client/v4(/accounts/account)?|\?.*", "", self.path)
            sent = Sent(self.command, path, self.body())
            stand_in.sent.append(sent)
            said = json.dumps(
                {"success": True, "errors": [], "messages": [], "result": stand_in.answer(sent)}
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in = StandIn(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
