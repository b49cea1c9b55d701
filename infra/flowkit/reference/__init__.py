"""What the language holds, made of its models: the schemas, and the page of all keys."""
