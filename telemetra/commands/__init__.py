"""The commands that are more than one call: how they reach the database, and what they print."""
