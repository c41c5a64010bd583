"""The demo: three cycles, built through the same services and flows that people use."""
