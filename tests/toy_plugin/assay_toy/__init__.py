"""A track of another package: two models that estimate in how many hours a customer must be answered.

It stands for whatever Assay does not know: its models are no transformers, its answer is a number and a word, and
its evidence has tables of its own.
"""
