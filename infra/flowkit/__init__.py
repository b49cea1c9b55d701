"""What people use on flows: lint, drawings, schemas, and conversations played against them."""
