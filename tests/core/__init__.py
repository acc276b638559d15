"""Each version of ansible-core that llmmon supports, in an environment of its own."""
