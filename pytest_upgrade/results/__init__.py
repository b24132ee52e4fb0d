"""What other tools found out about an upgrade, read from their files: JUnit, subunit, Rally."""
