"""The published state, pushed: what changes in a cycle goes to every open socket as one frame, serialised once."""
