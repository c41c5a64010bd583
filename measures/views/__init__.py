"""Pages of plans, measures, reports and funded projects."""
