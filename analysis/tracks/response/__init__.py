"""What the two sides answer: records, detectors, paired rates, and the evidence inside the models."""
