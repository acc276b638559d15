"""A simulated month of traffic through the shipped rules: what people would be told, and how soon. See README.md."""
