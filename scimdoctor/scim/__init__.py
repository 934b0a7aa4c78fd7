"""What RFC 7643 and RFC 7644 say, as pure functions and values."""
