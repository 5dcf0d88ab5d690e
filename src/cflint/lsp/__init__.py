"""The language server: what cflint finds, mends and knows, while the user types."""
