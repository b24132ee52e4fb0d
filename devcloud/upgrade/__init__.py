"""From one release of OpenStack to a later one, in steps that are written down when they are done."""
