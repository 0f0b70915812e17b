"""The processes that benchmarks/fanout.py compares, and the client that reads from them.

Each server prints its port on standard output; on each line `send` of standard input it sends a message to every
client and answers `done`.
"""
