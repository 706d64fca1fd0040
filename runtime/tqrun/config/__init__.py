"""From the text of a queues file to a checked file: positions, shape and rules."""
