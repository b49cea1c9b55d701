"""What the linter notices before it asks any rule: files that cannot be used, and comments that silence nothing."""

from infra.flowkit.linting.rule import noticed

noticed("idle-silence", "A `lint: ignore` that names no rule, gives no reason, or has nothing to silence.")
noticed("invalid-calendar", "A calendar that Lambda refuses for a reason that no other rule explains.")
noticed("invalid-data", "A data file that Lambda refuses: a cell, a row, a column, or the file as a whole.")
noticed(
    "invalid-flow",
    "A flow that Lambda refuses and no other rule explains: unknown or missing keys, values out of range.",
)
noticed("invalid-numbers", "A numbers file that Lambda refuses for a reason that no other rule explains.")
noticed("invalid-rota", "A rota that Lambda refuses for a reason that no other rule explains.")
noticed("unreadable-file", "A file that is missing, may not be read, or is not UTF-8.")
