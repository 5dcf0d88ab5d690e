"""Modules of Python Workers."""
