"""What `dialtone flow lint` asks of every file: a rule a module in `rules/`, and what rules look at."""
