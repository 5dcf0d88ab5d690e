"""Facts about the Workers platform, as data."""
