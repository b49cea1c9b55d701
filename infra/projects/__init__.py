"""A team's own project: its flows and stacks, found from the current folder, and made from a template."""
