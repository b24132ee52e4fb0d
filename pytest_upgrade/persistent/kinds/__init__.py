"""What Keystone, Nova, Neutron, Cinder, Glance, Swift and Placement keep."""
