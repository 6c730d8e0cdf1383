"""Sections of the editions, from evidence."""
