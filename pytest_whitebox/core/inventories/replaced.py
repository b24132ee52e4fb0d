"""What users of whitebox-tempest-plugin wrote into tempest.conf and nodes.yaml, and from what it is discovered now."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_DOMAINS = "virsh domcapabilities"
_NOVA = "the configuration of nova-compute, as it reads it"
_SYSFS = "sysfs of each compute host"
_TEST = "the test itself says what it needs"
_TRIED = "the release that Nova reports"

#: Option of a group ``[whitebox…]``, or of ``[compute-feature-enabled]``: where the answer comes from now.
OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "whitebox.max_compute_nodes": "os-hypervisors",
        "whitebox.available_cinder_storage": "the pools of Cinder's scheduler",
        "whitebox.containers": "the kind of deployment, which is detected",
        "whitebox.container_runtime": "the kind of deployment, which is detected",
        "whitebox.file_backed_memory_size": _TEST,
        "whitebox.selinux_label": "/sys/fs/selinux of each compute host",
        "whitebox.selinux_imagelabel": "/sys/fs/selinux of each compute host",
        "whitebox.flavor_volume_size": "the image that guests boot from",
        "whitebox.flavor_ram_size": "the image that guests boot from",
        "whitebox.cpu_model": _NOVA,
        "whitebox.cpu_model_extra_flags": _NOVA,
        "whitebox.pmem_flavor_size": _NOVA,
        "whitebox.pmem_expected_size": _NOVA,
        "whitebox.rx_queue_size": _NOVA,
        "whitebox.default_video_model": _DOMAINS,
        "whitebox.max_disk_devices_to_attach": _NOVA,
        "whitebox.libvirt_hw_machine_type": _NOVA,
        "whitebox.provider_config_location": _NOVA,
        "whitebox.hugepage_guest_ram_size": _TEST,
        "whitebox.http_iso_image": _TEST,
        "whitebox-nova-compute.log_query_command": "the kind of deployment, which is detected",
        "whitebox-nova-compute.journalctl_unit": "the kind of deployment, which is detected",
        "whitebox-nova-compute.state_path": _NOVA,
        "whitebox-database.host": "the configuration of the services that use it",
        "whitebox-database.internal_ip": "the configuration of the services that use it",
        "whitebox-database.user": "the configuration of the services that use it",
        "whitebox-database.password": "the configuration of the services that use it",
        "whitebox-database.nova_cell1_db_name": "nova_api.cell_mappings",
        "whitebox-database.ssh_gateway_port": "the one SSH connection to the host that has the credentials",
        "whitebox-hardware.vgpu_vendor_id": _SYSFS,
        "whitebox-hardware.vgpu_type_mapping": _NOVA,
        "whitebox-hardware.sriov_nic_vendor_id": _SYSFS,
        "whitebox-hardware.sriov_vf_product_id": _SYSFS,
        "whitebox-hardware.sriov_pf_product_id": _SYSFS,
        "whitebox-hardware.macvtap_virtio_vendor_id": _SYSFS,
        "whitebox-hardware.macvtap_virtio_product_id": _SYSFS,
        "whitebox-hardware.smt_hosts": "virsh capabilities",
        "whitebox-hardware.cpu_topology": "virsh capabilities",
        "whitebox-hardware.configured_hugepage_sizes": _SYSFS,
        "whitebox-hardware.dedicated_cpus_per_numa": _NOVA,
        "whitebox-hardware.shared_cpus_per_numa": _NOVA,
        "whitebox-hardware.realtime_mask": _TEST,
        "whitebox-hardware.sriov_physnet": "the device_spec of nova-compute",
        "whitebox-hardware.sriov_vnic_type": _TEST,
        "whitebox-hardware.sriov_vlan_id": _TEST,
        "whitebox-hardware.vdpa_physnet": "the device_spec of nova-compute",
        "whitebox-hardware.vdpa_vlan_id": _TEST,
        "whitebox-hardware.physnet_numa_affinity": _NOVA,
        "whitebox-hardware.socket_affinity": "virsh capabilities",
        "whitebox-hardware.socket_topology": "virsh capabilities",
        "whitebox-hardware.pci_passthrough_alias": _NOVA,
        "whitebox-hardware.pci_passthrough_addresses": _NOVA,
        "whitebox-hardware.pci_passthrough_resource_class": _NOVA,
        "compute-feature-enabled.virtio_rng": _DOMAINS,
        "compute-feature-enabled.rbd_download": _NOVA,
        "compute-feature-enabled.sriov_hotplug": _TEST,
        "compute-feature-enabled.supports_image_level_numa_affinity": _TRIED,
        "compute-feature-enabled.supports_port_level_numa_affinity": _TRIED,
        "compute-feature-enabled.uefi_boot": _DOMAINS,
        "compute-feature-enabled.uefi_secure_boot": _DOMAINS,
        "compute-feature-enabled.vtpm_device_supported": _DOMAINS,
        "compute-feature-enabled.vtpm_live_migration_supported": _TRIED,
        "compute-feature-enabled.vdpa_cold_migration_supported": _TRIED,
        "compute-feature-enabled.vgpu_cold_migration_supported": _TRIED,
        "compute-feature-enabled.stable_compute_uuid_supported": _TRIED,
        "compute-feature-enabled.bochs_display_support": _DOMAINS,
        "compute-feature-enabled.cpu_power_management": _NOVA,
        "compute-feature-enabled.vencrypt": _NOVA,
        "compute-feature-enabled.iothreads": _TRIED,
    }
)
#: What nodes.yaml says of a host and of its services.
NODES: Mapping[str, str] = MappingProxyType(
    {
        "cpu_shared_set": _NOVA,
        "cpu_dedicated_set": _NOVA,
        "topology": "virsh capabilities",
        "mask_command": "systemd itself",
        "unmask_command": "systemd itself",
        "start_command": "the kind of deployment, which is detected",
        "stop_command": "the kind of deployment, which is detected",
    }
)
