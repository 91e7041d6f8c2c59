"""Pictures of journeys, with the people in them: Mermaid for pages, SVG laid out by us."""
