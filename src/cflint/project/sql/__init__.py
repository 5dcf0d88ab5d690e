"""SQL in code: where it stands, what it is made of, and edits that bind its parameters."""
