"""Servers that stand in for programs which no registry offers to the tests."""
