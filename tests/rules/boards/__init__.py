"""What the dashboards show: every board, for every kind of gateway, asked of a real Prometheus."""
