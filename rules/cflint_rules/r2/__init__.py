"""Rules about R2 buckets: missing objects, lists of objects, and streams."""
