"""Rules about WebSockets in Durable Objects: hibernation, handshakes, messages and closing."""
