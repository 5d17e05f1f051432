"""What happens in a city (故事), kind by kind: one more kind is one more file and one line here."""

from producers.city.stories.cases import cases
from producers.city.stories.inspections import inspections
from producers.city.today import Story

STORIES: tuple[Story, ...] = (cases, inspections)
"""Each is told of every day on which somebody works."""
