"""Rules about logs, traces and errors."""
