"""What edits of configuration documents share: places in the text, expected values, brackets."""
