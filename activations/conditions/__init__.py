"""One structured language of conditions over the marts, shared by journeys, segments and messages' dynamic content."""
