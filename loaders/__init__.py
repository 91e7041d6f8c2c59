"""Pull what vendors do not push: each module reads one API into landing files and remembers how far it came."""
