"""What the logs of DCMTK, Orthanc and dcm4chee tell of who called. Nothing of it is trusted to be well-formed."""
