"""The fields of the inspection report: each file beside this one names its `FIELD`."""
