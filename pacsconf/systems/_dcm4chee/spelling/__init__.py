"""How an archive spells values, which it may have, and which of two brings deletion nearer."""
