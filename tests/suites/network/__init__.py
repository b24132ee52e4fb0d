"""What Neutron has OVN and Open vSwitch do."""
