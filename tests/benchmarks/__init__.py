"""What the system costs, as ratios against a yardstick measured in the same run."""
