"""The schemas of a store: evidence of a run, and events of its review."""
