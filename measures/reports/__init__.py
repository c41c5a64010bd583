"""Papers of plans, measures and reporting rounds."""
