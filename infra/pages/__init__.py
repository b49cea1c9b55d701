"""The pages that the local cloud shows, and the console's, as a browser gets them."""
