"""What the course gives its learners: environments, pictures, progress, the reading of answers."""
