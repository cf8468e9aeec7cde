"""Assay's analysis: evidence about a base and a candidate model, side by side.

What this package promises:

- Everything is paired: the same example, both sides, and every aggregate carries n and an interval.
- A finished run is immutable and named by the digest of everything that determined it; work that was
  done once is not done again, and a run that was stopped goes on where it was.
- What a reviewer records is on the disk before a call returns, in a chained, append-only journal.
- Gates are pure functions of metrics, review state and waivers: anyone can compute them again from a
  report.
- Models are read from safetensors only, never with remote code; text from data is never code, never a
  path and never markup.
- Every failure that a user can mend is an `analysis.base.errors.AssayError`.

Importing this package, or `analysis.review.session`, imports no torch, transformers, captum, scipy or
scikit-learn. This package knows nothing of the console.
"""
