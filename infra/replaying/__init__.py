"""A recorded call, played again against other flows, or made a conversation that tests them."""
