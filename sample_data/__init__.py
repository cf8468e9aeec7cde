"""The MangaAssist sample: authored messages, invented titles, eight small intent classifiers.

`author` writes the messages, `train` makes the models and `measure` tells what they do. All three are
deterministic; `README.md` has the figures. Nothing here is imported by the console.
"""
