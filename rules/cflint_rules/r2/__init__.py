"""Rules about R2 buckets."""
