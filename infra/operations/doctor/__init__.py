"""Whether a stack is as calls need it: what is examined at AWS and Telnyx, and how it is judged."""
