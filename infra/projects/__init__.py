"""A team's own project: its menus and stacks, found from the current folder, and made from a template."""
