"""The clients against what the documentation and the issues of newer Grafana releases say: scripted, nothing is run."""
