"""From a checked file to plans: expressions, the functions bound, and what a run keeps."""
