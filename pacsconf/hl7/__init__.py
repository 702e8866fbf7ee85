"""HL7 v2 as it stands on the wire: blocks of MLLP, a question that creates nothing, acknowledgements. Pure."""
