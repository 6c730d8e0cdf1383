"""Time, memory and growth of the study and its engines."""
