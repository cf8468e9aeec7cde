"""The gates of the review as a whole: each file beside this one names its `GATES`."""
