"""What `make build` does to the functions after `sam build`, and Lambda's side of the runtime to try them with."""
