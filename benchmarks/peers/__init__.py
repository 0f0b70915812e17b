"""What others would write, to be measured beside Telemetra."""
