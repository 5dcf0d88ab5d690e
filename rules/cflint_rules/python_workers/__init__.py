"""Rules about Python Workers: entry points, `env`, awaits, and what Pyodide does not support."""
