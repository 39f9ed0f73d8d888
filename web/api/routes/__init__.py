"""What the interface answers to. In: requests. Out: what the rooms of the register say of them."""
