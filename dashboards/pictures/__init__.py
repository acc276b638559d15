"""Pictures of the dashboards, taken by a browser out of a Grafana that somebody has: `make boards PICTURES=URL`."""
