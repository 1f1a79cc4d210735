"""Games for people: keys, scores, and the cards of the agents that they play against."""
