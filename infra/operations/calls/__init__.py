"""Calls of a stack as people look at them: a lane for each leg, a page, a spreadsheet, or as they happen."""
