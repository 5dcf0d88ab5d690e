"""Rules about the wrangler configuration: keys, values, dates, flags, crons and paths."""
