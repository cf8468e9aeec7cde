"""Gates of the response track: pure functions of metrics and review state, one file a rule.

A detector is a lead, people's labels decide. The behaviours stand in one family of Holm's, over all prompts and each
critical slice, so that alpha is spent once.
"""
