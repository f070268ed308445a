"""Many pictures: read in order, over all cores, into tables that survive a kill."""
