"""The store of a review: immutable runs, one append-only journal per session, and their replay."""
