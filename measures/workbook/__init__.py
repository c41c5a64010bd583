"""The whole plan as an Excel workbook: what its sheets hold, writing it, reading it back, comparing it."""
