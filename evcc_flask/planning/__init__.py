"""When to charge, so that the car is full in time and as cheaply as can be; pure, as the domain is."""
