"""What the DAGs of cdp-jobs share."""
