"""The attribution methods of the intent track: each is a file beside this one.

Nothing is collected here, so that a file or plug-in that imports the contract does not ask for itself:
`known_methods` has them all.
"""
