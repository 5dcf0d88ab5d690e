import { DurableObject } from "cloudflare:workers";
import type { Env } from "./index";

export class ChatRoom extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") {
      return new Response("expected a WebSocket", { status: 426 });
    }
    const [client, server] = Object.values(new WebSocketPair());

    server.accept();
    server.addEventListener("message", (event) => {
      this.remember(String(event.data));
      server.send(`echo: ${event.data}`);
    });

    this.ctx.storage.setAlarm(Date.now() + 60 * 60 * 1000);
    return new Response(null, { status: 101, webSocket: client });
  }

  remember(text: string) {
    this.ctx.storage.sql.exec("INSERT INTO messages (text, at) VALUES (?, ?)", text, Date.now());
  }

  async alarm() {
    this.ctx.storage.sql.exec("DELETE FROM messages WHERE at < ?", Date.now() - 7 * 24 * 60 * 60 * 1000);
  }
}
