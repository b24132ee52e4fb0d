"""Breaks of what Nova and libvirt do."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import PurePosixPath
from typing import Any
from xml.sax.saxutils import quoteattr

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.services.service import Service
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server
from tests.acceptance.sabotage.means import Means, other_cpu, pin_elsewhere
from tests.acceptance.sabotage.table import seen_by

_NOVA = "http://openstack.org/xmlns/libvirt/nova/1.1"
_OTHER = "5ab07a9e-0000-4000-8000-000000000001"


@seen_by("test_iso_image_is_a_cdrom")
def guest_has_a_disk_more(means: Means) -> None:
    """The guest has a disk beside its CD-ROM."""

    def act(server: Server) -> None:
        host, (own,) = server.host, server.host.domain(server.id).disks.values()
        path = f"{PurePosixPath(str(own.source)).parent}/more"
        host.run(["qemu-img", "create", "-q", "-f", "raw", path, "1M"])
        host.virsh("attach-disk", server.id, path, "vdb", "--live")

    means.before(Server, "domain", act)


@seen_by("test_compute_id_survives_a_restart")
def compute_id_is_another(means: Means) -> None:
    """After the restart the host's file has another identity."""

    def act(host: Host, path: str) -> None:
        original = host.service("nova-compute").inside.read(path)
        means.undo(host.service("nova-compute").inside.write, path, original)
        host.service("nova-compute").inside.write(path, _OTHER.encode())

    means.before(Host, "file", act, nth=2, when=lambda _host, path: path.endswith("compute_id"))


@seen_by(
    "test_guest_has_the_model_and_the_features_of_the_configuration",
    "test_memory_is_a_file_wherever_the_guest_goes",
    "test_guest_with_plain_memory_cannot_go_live_to_a_host_that_has_it_in_files",
    "test_reserved_memory_reaches_placement_and_goes_again",
    "test_no_more_disks_than_allowed",
)
def configuration_is_not_in_force(means: Means) -> None:
    """nova-compute goes on with its former configuration."""
    means.without_restarts()


@seen_by(
    "test_dedicated_cpus_are_not_shared",
    "test_isolated_vcpus_leave_the_siblings_of_their_cpus_unused",
    "test_shared_guest_floats_on_the_shared_cpus",
    "test_two_pinned_guests_have_different_cpus_after_they_met",
    "test_rebuild_keeps_the_recorded_topology",
)
def vcpu_is_pinned_elsewhere(means: Means) -> None:
    """The guest's vCPU is bound to a CPU that Nova did not choose."""
    means.before(Server, "domain", pin_elsewhere)


@seen_by("test_pins_outlive_a_hard_reboot")
def vcpu_runs_elsewhere(means: Means) -> None:
    """The reboot binds the vCPU to another CPU."""
    means.before(Server, "affinity", pin_elsewhere)


@seen_by(
    "test_resize_to_dedicated_cpus_pins",
    "test_pins_and_emulator_follow_the_cpus_of_the_host",
    "test_shared_guest_floats_on_the_shared_cpus_of_the_host",
)
def vcpu_runs_elsewhere_at_last(means: Means) -> None:
    """After the resize or the move the vCPU is bound to another CPU."""
    means.before(Server, "affinity", pin_elsewhere, nth=2)


@seen_by("test_hard_reboot_changes_no_fact")
def reboot_pins(means: Means) -> None:
    """The reboot binds the vCPU to a CPU."""
    means.before(Server, "domain", pin_elsewhere, nth=2)


@seen_by("test_resize_to_shared_cpus_takes_the_pins_away")
def pins_are_left(means: Means) -> None:
    """The resize leaves the vCPU bound to a CPU."""
    means.before(Server, "domain", pin_elsewhere, nth=3)


@seen_by("test_mixed_guest_has_its_dedicated_vcpus_pinned_and_the_others_float")
def dedicated_vcpu_is_elsewhere(means: Means) -> None:
    """The dedicated vCPU is bound to the shared CPU."""
    means.before(Server, "domain", lambda server: pin_elsewhere(server, vcpu=1))


@seen_by("test_pins_of_the_new_host_outlive_a_soft_reboot")
def next_boot_is_elsewhere(means: Means) -> None:
    """What libvirt would start next has another pin."""
    means.before(Server, "inactive_domain", lambda server: pin_elsewhere(server, how="--config"))


@seen_by(
    "test_emulator_floats_on_its_guests_cpus_where_none_are_shared",
    "test_isolated_emulator_has_a_dedicated_cpu_of_its_own",
    "test_emulator_of_a_dedicated_guest_runs_on_the_shared_cpus",
)
def emulator_is_elsewhere(means: Means) -> None:
    """QEMU's other threads are bound to another CPU."""

    def act(server: Server) -> None:
        pins = server.host.domain(server.id).emulator_pins
        server.host.virsh("emulatorpin", server.id, other_cpu(server, pins), "--live")

    means.before(Server, "domain", act)


@seen_by(
    "test_guest_without_a_spare_cpu_for_its_isolated_emulator_is_refused",
    "test_server_whose_trait_no_file_has_reaches_no_host",
    "test_a_tpm_that_cannot_be_reaches_no_host",
)
def refused_guest_has_a_host(means: Means) -> None:
    """Nova notes a host for the guest that it refused."""
    change = "UPDATE instances SET host = {} WHERE uuid = :id"
    means.before_rows("instances", change.format(":host"), change.format("NULL"), host=means.hosts.computes[0].name)


@seen_by("test_rng_device_gives_as_much_as_the_flavor_allows")
def flavor_is_not_heard_on_rate(means: Means) -> None:
    """What the flavor says of a random number generator's rate is not heard."""
    means.mishear(hw_rng__rate_bytes=None)


@seen_by("test_rng_device_that_the_flavor_forbids")
def flavor_is_not_heard_on_rng(means: Means) -> None:
    """The flavor's ban of random number generators is not heard."""
    means.mishear(hw_rng__allowed=None)


@seen_by("test_pointer_device_is_on_the_bus_that_the_image_asks_for")
def image_is_not_heard_on_bus(means: Means) -> None:
    """The image's wish for an input bus is not heard."""
    means.mishear(hw_input_bus=None)


@seen_by("test_evacuated_server_stays_off_until_it_is_started")
def evacuated_server_runs(means: Means) -> None:
    """The evacuated guest is started by itself."""
    means.before(
        means.test, "domains", lambda host, *_which: host.virsh("start", means.fixture("create").servers[-1].id)
    )


@seen_by("test_evacuated_server_runs_at_once_for_who_asks_as_before_2_95")
def evacuated_server_is_off(means: Means) -> None:
    """The evacuated guest is switched off."""
    means.before(
        means.test, "domains", lambda host, *_which: host.virsh("destroy", means.fixture("create").servers[-1].id)
    )


@seen_by("test_evacuated_server_keeps_its_volume", "test_volumes_follow_their_server_as_the_disks_that_they_were")
def volume_is_attached_to_the_former_host(means: Means) -> None:
    """Cinder has the volume on a host that the server is not on."""
    means.before_rows(
        "volume_attachment", "UPDATE volume_attachment SET attached_host = 'elsewhere' WHERE volume_id = :id"
    )


@seen_by(
    "test_rebuild_brings_the_firmware_of_the_new_image",
    "test_rebuild_brings_the_pmu_of_the_new_image",
    "test_rebuild_brings_the_video_model_of_the_new_image",
)
def rebuild_takes_the_same_image(means: Means) -> None:
    """The rebuild takes the image that the server had."""
    rebuild = Server.rebuild
    means.instead(Server, "rebuild", lambda server, _image=None, **options: rebuild(server, None, **options))


@seen_by("test_secure_boot_that_the_image_requires")
def image_is_not_heard_on_secure_boot(means: Means) -> None:
    """The image's demand for secure boot is not heard."""
    means.mishear(os_secure_boot=None)


@seen_by("test_domain_tells_the_flavor")
def domain_tells_another_flavor(means: Means) -> None:
    """The domain's metadata name another flavor."""
    means.before(Server, "domain", lambda server: _retell(server, server.resource.flavor["original_name"], "other"))


@seen_by("test_domain_tells_whose_it_is_and_of_which_image")
def domain_tells_another_owner(means: Means) -> None:
    """The domain's metadata name another user."""
    means.before(Server, "domain", lambda server: _retell(server, server.resource.user_id, _OTHER.replace("-", "")))


@seen_by("test_resize_brings_the_pmu_of_the_new_flavor")
def flavor_is_not_heard_on_pmu(means: Means) -> None:
    """What the new flavor says of the PMU is not heard."""
    means.mishear(nth=2, hw__pmu=None)


@seen_by("test_server_goes_to_the_host_whose_file_has_the_trait")
def both_hosts_have_the_trait(means: Means) -> None:
    """Placement gives the host the other's trait, too."""
    means.before_rows(
        "resource_provider_traits",
        "INSERT INTO resource_provider_traits (created_at, trait_id, resource_provider_id)"
        " SELECT NOW(), t.id, p.id FROM traits t, resource_providers p WHERE p.uuid = :id AND t.name LIKE 'CUSTOM_SP_%'"
        " AND t.id NOT IN (SELECT trait_id FROM resource_provider_traits WHERE resource_provider_id = p.id)",
        "DELETE r FROM resource_provider_traits r JOIN resource_providers p ON p.id = r.resource_provider_id"
        " JOIN traits t ON t.id = r.trait_id WHERE p.uuid = :id AND t.name LIKE :other",
        other=f"CUSTOM_SP_%{means.hosts.computes[1].name.upper()}",
    )


@seen_by("test_attached_volumes_share_one_controller", "test_volumes_of_the_boot_share_one_controller")
def last_disk_is_gone(means: Means) -> None:
    """The guest has lost the last of its disks."""

    def act(server: Server) -> None:
        *_, last = server.host.domain(server.id).disks.values()
        server.host.virsh("detach-disk", server.id, str(last.target), "--live")
        server.wait_for("ACTIVE")

    means.before(Server, "domain", act)


@seen_by("test_tpm_is_the_one_that_the_flavor_asks_for")
def tpm_is_of_another_model(means: Means) -> None:
    """The flavor's model of a TPM is misheard."""
    means.mishear(hw__tpm_model="tpm-crb")


@seen_by("test_tpm_after_libvirt_was_restarted")
def flavor_is_not_heard_on_tpm(means: Means) -> None:
    """The flavor's model of a TPM is not heard."""
    means.mishear(hw__tpm_model=None)


@seen_by("test_libvirt_forgets_the_secret_once_the_guest_runs")
def secret_is_left(means: Means) -> None:
    """libvirt keeps the secret of the TPM."""

    def act(host: Host) -> None:
        tpm = host.domain(means.fixture("create").servers[-1].id).tpm
        assert tpm is not None
        path = f"/tmp/{tpm.secret}.xml"
        told = f"<secret ephemeral='yes' private='yes'><uuid>{tpm.secret}</uuid></secret>"
        host.service("libvirt").inside.write(path, told.encode())
        host.virsh("secret-define", path)
        means.undo(host.virsh, "secret-undefine", str(tpm.secret))

    means.before(Host, "secrets", act)


@seen_by("test_video_model_where_the_image_does_not_say")
def image_says_its_video_model(means: Means) -> None:
    """The guest is made from an image that names a graphics card."""
    server = Create.server
    means.instead(
        Create, "server", lambda create, **asked: server(create, image_properties={"hw_video_model": "vga"}, **asked)
    )


@seen_by("test_bochs_display_of_a_guest_with_uefi")
def image_is_not_heard_on_video(means: Means) -> None:
    """The image's wish for a graphics card is not heard."""
    means.mishear(hw_video_model=None)


@seen_by("test_guest_nova_and_cinder_agree_on_an_attachment")
def cinder_has_the_volume_detached(means: Means) -> None:
    """Cinder has the volume as detached."""
    change = "UPDATE volume_attachment SET attach_status = '{}' WHERE volume_id = :id AND deleted = 0"
    means.before_rows("volume_attachment", change.format("detached"), change.format("attached"))


@seen_by("test_detaching_without_libvirt_fails_and_can_be_done_later")
def libvirt_is_not_stopped(means: Means) -> None:
    """libvirt goes on, so that the volume can be detached."""
    means.instead(Service, "stopped", lambda _service: nullcontext())


@seen_by("test_encrypted_volume_is_luks_on_the_host_and_another_is_not")
def volume_type_does_not_encrypt(means: Means) -> None:
    """The volume type that was to encrypt does not."""
    volume_type = Create.volume_type
    means.instead(Create, "volume_type", lambda create, **asked: volume_type(create, **{**asked, "encryption": False}))


@seen_by("test_watchdog_does_what_the_flavor_says")
def flavor_is_not_heard_on_watchdog(means: Means) -> None:
    """What the flavor says of the watchdog is not heard."""
    means.mishear(hw__watchdog_action=None)


@seen_by("test_watchdog_does_what_the_image_says", "test_the_image_has_the_last_word_on_the_watchdog")
def image_is_not_heard_on_watchdog(means: Means) -> None:
    """What the image says of the watchdog is not heard."""
    means.mishear(hw_watchdog_action=None)


@seen_by("test_no_watchdog_that_the_flavor_refuses", "test_no_watchdog_that_the_image_refuses")
def watchdog_is_given_all_the_same(means: Means) -> None:
    """The refusal of a watchdog is misheard."""
    means.mishear(hw__watchdog_action="reset", hw_watchdog_action="reset")


@seen_by("test_allocation_is_what_the_domain_takes_until_it_is_gone")
def allocation_is_larger(means: Means) -> None:
    """Placement has given the server more than its domain takes."""
    means.before_rows("allocations", "UPDATE allocations SET used = used + 1 WHERE consumer_id = :id")


@seen_by("test_server_that_fits_nowhere_is_given_nothing")
def refused_server_is_given_something(means: Means) -> None:
    """Placement gives something to the server that fits nowhere."""

    def act(_database: Any, _query: str, *, id: str) -> None:
        provider = means.cloud.hypervisor(means.hosts.computes[0]).id
        allocate(means, id, provider, {"MEMORY_MB": 1})
        means.undo(allocate, means, id, "", {})

    means.before(
        type(means.databases("placement")), "rows", act, when=lambda _place, query, **_v: "FROM allocations" in query
    )


@seen_by(
    "test_cpus_are_those_that_the_host_gives_to_guests",
    "test_memory_is_that_of_the_host",
    "test_disk_is_that_of_the_instances_folder",
)
def inventory_is_larger(means: Means) -> None:
    """Placement offers more of the host than it has."""
    change = (
        "UPDATE inventories i JOIN resource_providers p ON p.id = i.resource_provider_id"
        " SET i.total = i.total {} 1 WHERE p.uuid = :id"
    )
    means.before_rows("inventories", change.format("+"), change.format("-"))


def allocate(means: Means, consumer: str, provider: str, resources: dict[str, int]) -> None:
    """Have Placement give a consumer these resources of a provider, or take all away if there are none."""
    placement: Any = means.cloud.connection.placement
    if not resources:
        placement.delete(f"/allocations/{consumer}", raise_exc=True)
        return
    connection = means.cloud.connection
    told = {
        "allocations": {provider: {"resources": resources}},
        "consumer_generation": None, "consumer_type": "INSTANCE",
        "project_id": connection.current_project_id, "user_id": connection.current_user_id,
    }  # fmt: skip
    placement.put(f"/allocations/{consumer}", json=told, microversion="1.38", raise_exc=True)


def _retell(server: Server, old: str, new: str) -> None:
    """Change a word of what Nova has written into the domain about its server."""
    host = server.host
    told = host.virsh("metadata", server.id, _NOVA, "--live").strip()
    assert old in told, f"{quoteattr(old)} is not in the metadata"
    host.virsh("metadata", server.id, _NOVA, "--live", "--key", "instance", "--set", told.replace(old, new))
