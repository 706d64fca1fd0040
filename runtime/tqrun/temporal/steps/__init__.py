"""The steps of a running workflow, by family, and what they share."""
