"""How cars move: habits, the motion of one drive, the engine, and the position that a receiver reports."""
