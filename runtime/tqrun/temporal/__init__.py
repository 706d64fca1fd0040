"""From plans to running work: the only package that imports temporalio."""
