"""Dashboards as code. `python -m dashboards` writes the JSON files that the grafana role ships."""
