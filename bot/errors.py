"""What the outer layer raises by itself."""


class StoryFailed(Exception):
    """A step of a played story did not happen; the message says which."""
