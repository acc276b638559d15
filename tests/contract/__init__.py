"""The stand-in against exchanges recorded from a real Grafana."""
