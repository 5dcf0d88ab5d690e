"""Rules about Pages projects: whether `functions/` is deployed, and for which paths it runs."""
