"""What `rcm x12` does with a file: check, list, explain, acknowledge, compare."""
