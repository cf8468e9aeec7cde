"""The detectors of the response track: each is a file or folder beside this one.

Nothing is collected here, so that a file or plug-in that imports the contract does not ask for itself:
`known_detectors` has them all.
"""
