"""A telephone for one person: keys and words in, what is heard out, over a line that is up."""
