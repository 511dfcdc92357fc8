"""What tests share: programs to start, servers to talk to, and browsers to talk with."""
