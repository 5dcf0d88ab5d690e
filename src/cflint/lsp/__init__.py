"""The language server: what cflint finds, mends and knows, while somebody types."""
