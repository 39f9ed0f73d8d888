"""What is due, told to those who see to it. In: open items. Out: digests, sent; calendars."""
