"""A campaign from the file of its list to the report of its results."""
