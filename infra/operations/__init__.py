"""What operators do with a deployed stack, by its outputs and with the shell's own AWS credentials."""
