"""What commands put out: lines and colours on a terminal, files that are written whole, the pages' colours."""
