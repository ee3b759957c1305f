"""The attacks of the design's catalogue, each test named by its case."""
