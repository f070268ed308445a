"""Reading many pictures, in order, on all cores, into tables that survive a kill."""
