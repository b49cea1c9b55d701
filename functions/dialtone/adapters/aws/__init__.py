"""AWS, as the functions meet it: `services` where a caller waits, botocore's `clients` where nobody does."""
