"""A physical house with real wire protocols, to try the controller on."""
