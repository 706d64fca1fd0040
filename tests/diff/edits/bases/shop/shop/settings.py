PAUSE = 2.0
COLOUR = "red"
