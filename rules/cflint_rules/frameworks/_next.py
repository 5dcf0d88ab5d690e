"""What files of Next's app router are called."""

from cflint.api import pattern

ROUTE = pattern(r"(?:.*/)?app/(?:.*/)?(?:page|layout|route)\.[jt]sx?")
"""Paths of pages, layouts and routes: the files in which Next reads the options of a segment."""
