import { ChatRoom } from "./room";

export { ChatRoom };

export interface Env {
  ROOMS: DurableObjectNamespace<ChatRoom>;
  PROFILES: KVNamespace;
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    console.log("request", request.url, env);

    const url = new URL(request.url);
    if (url.pathname === "/profile") {
      const profile = await request.text();
      env.PROFILE.put(url.searchParams.get("user") ?? "anonymous", profile);
      return new Response("saved");
    }

    const room = env.ROOMS.getByName(url.pathname);
    return room.fetch(request);
  },
} satisfies ExportedHandler<Env>;
