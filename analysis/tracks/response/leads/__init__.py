"""Detectors whose leads come from people's labels, from models and from recorded columns, and what they say together.

A lead gives each answer a score in [0, 1]: how much it speaks for a behaviour being there. It decides nothing.
"""
