"""Real Prometheis that write to real engines, broken ways there, and rules that VictoriaMetrics evaluates."""
