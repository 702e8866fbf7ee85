"""The private parts of a console.

`rows` are its resources, and what an inventory makes of them; `export` reads a vendor's CSV file.
"""
