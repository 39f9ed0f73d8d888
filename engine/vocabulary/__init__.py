"""What a vocabulary is: fields, values, headings, words; and where it is read from."""
