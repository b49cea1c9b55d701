"""What holds the locked libraries and the templates to what is known to be wrong with them."""
