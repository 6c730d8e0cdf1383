"""Evidence in, documents out; no statistic is computed here."""
