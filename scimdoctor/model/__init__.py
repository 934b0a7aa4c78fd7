"""Every value that the parts of scimdoctor hand to each other: frozen, free of I/O."""
