"""Lists of measures from elsewhere."""
