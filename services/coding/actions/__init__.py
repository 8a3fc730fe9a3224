"""What coding does: take encounters in, and let a coder finish them."""
