"""What formats for other programs share. In: findings. Out: words, places, room for the worst."""
