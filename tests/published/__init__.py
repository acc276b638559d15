"""The collection as a user gets it, under the checkers of its field."""
