#!/bin/sh
# What one curl of Orthanc's whole list of modalities takes, read as JSON: fetch_json.sh USER:PASSWORD URL PYTHON
curl -sSf -u "$1" "$2/modalities?expand" | "$3" -c 'import json, sys; json.load(sys.stdin)'
