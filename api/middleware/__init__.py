"""What every request passes: a reference and a log line, size and type of its body, the headers of every answer."""
