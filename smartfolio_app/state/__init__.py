"""One State class a page: thin; asks services, formats for the screen."""
