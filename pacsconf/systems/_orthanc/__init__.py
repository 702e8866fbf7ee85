"""The parts of the system `orthanc`: kinds, what is declared, what is live, writing, and what is odd."""
