"""What libvirt and QEMU of a compute host say of it."""
