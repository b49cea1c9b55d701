"""`make verify-on-aws`: what only a real account can show, step by step."""
