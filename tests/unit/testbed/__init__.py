"""Tests of the testbed itself; none of them needs an engine."""
