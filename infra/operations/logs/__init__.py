"""The functions' log lines: queried at CloudWatch, and shown as people read them."""
