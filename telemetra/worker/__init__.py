"""The pipeline in a process of its own, which `serve` starts and keeps alive: they share no interpreter lock."""
