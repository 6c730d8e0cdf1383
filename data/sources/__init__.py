"""Where series come from, one vendor a file; the only place of the project that fetches."""
