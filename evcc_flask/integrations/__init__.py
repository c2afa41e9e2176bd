"""What speaks to the rest of the house: brokers, databases, messages, other controllers."""
