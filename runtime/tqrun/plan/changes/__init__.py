"""What an edit of a queues file does to work that is already going: see docs/changes.md."""
