"""Gates of the response track: pure functions of metrics and review state, one file a rule.

A detector is a lead and a person confirms. The detectors stand in one Tarone-Holm family, over all prompts and over
each critical slice, so that alpha is spent once; a hit that people refuted leaves the count of new ones.
"""
