"""The demo: the stack and a real LLM gateway with traffic, on this machine alone."""
