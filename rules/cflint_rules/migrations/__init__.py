"""Rules about migrations of Durable Object classes: which class exists, and with which storage."""
