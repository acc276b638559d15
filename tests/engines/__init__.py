"""Real Prometheis that write to real engines, and what is said where the way there is broken."""
