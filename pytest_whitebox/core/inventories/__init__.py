"""The formats of inventories that are known by heart."""
