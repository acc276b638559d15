"""Real Prometheis that write to real engines, broken ways there, hosts and buckets that go away, and other engines."""
