"""TLS as peers speak it: looked at, then judged (PS3.15 annex B)."""
