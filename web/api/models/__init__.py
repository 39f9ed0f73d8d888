"""What requests and answers look like. In: nothing. Out: models, with examples."""
