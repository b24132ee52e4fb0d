"""What every part of stackproof shares; knows no test runner and imports no OpenStack library."""
