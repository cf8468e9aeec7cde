"""The inspection report: built from a run and its events, rendered, signed and verified."""
