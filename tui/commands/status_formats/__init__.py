"""The formats of `assay status`: each file beside this one names its `FORMAT`."""
