"""The gates of the intent track: each rule is a file beside this one that names its `GATES`, or comes from a plug-in.

All are pure functions of metrics and review state.
"""
