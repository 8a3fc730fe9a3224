"""Every SQL statement of coding; rows become values here and nowhere else."""

SERVICE = "coding"
