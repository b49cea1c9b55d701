"""`dialtone demo`: calls of every kind through the local cloud, and what has to come of them."""
