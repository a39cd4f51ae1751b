"""The Python front end: what a user writes, and how it becomes a graph (shared_spec/graph.md)."""
