"""Gates of the retrieval track, one rule a file: each brings its `GATES`, and is found by that."""
