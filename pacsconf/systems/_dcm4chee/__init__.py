"""The archive dcm4chee in a directory: its attributes beside the standard's, and entries of its own."""
