"""What studies an archive holds, asked for by C-FIND; what is made of the answers is not decided here."""
