"""What Neutron has of services beside it, each if its extension is there; known from recorded APIs."""

from __future__ import annotations

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.neutron import neutron

_VPN, _FIREWALL, _CHAIN, _BGP = "vpnaas", "fwaas_v2", "sfc", "bgp"

KINDS: tuple[Kind, ...] = (
    neutron("ikepolicy", "/vpn/ikepolicies", extension=_VPN, created="", fields="name description"),
    neutron("ipsecpolicy", "/vpn/ipsecpolicies", extension=_VPN, created="", fields="name description"),
    neutron(
        "vpnservice",
        "/vpn/vpnservices",
        extension=_VPN,
        created="",
        fields="name description admin_state_up",
        uses={"router": "router_id", "subnet": "subnet_id"},
    ),
    neutron(
        "endpoint_group",
        "/vpn/endpoint-groups",
        extension="vpn-endpoint-groups",
        created="",
        fields="name description",
        uses={"subnet": "endpoints"},
    ),
    neutron(
        "ipsec_site_connection",
        "/vpn/ipsec-site-connections",
        extension=_VPN,
        created="",
        lingers=True,
        fields="name description admin_state_up",
        uses={
            "vpnservice": "vpnservice_id",
            "ikepolicy": "ikepolicy_id",
            "ipsecpolicy": "ipsecpolicy_id",
            "endpoint_group": ("local_ep_group_id", "peer_ep_group_id"),
        },
    ),
    neutron(
        "firewall_group",
        "/fwaas/firewall_groups",
        extension=_FIREWALL,
        created="",
        lingers=True,
        fields="name description admin_state_up ports",
        uses={
            "firewall_policy": ("ingress_firewall_policy_id", "egress_firewall_policy_id"),
            "port": "ports",
        },
    ),
    neutron(
        "firewall_policy",
        "/fwaas/firewall_policies",
        extension=_FIREWALL,
        created="",
        uses={"firewall_rule": "firewall_rules"},
        fields="name description audited firewall_rules",
    ),
    neutron(
        "firewall_rule",
        "/fwaas/firewall_rules",
        extension=_FIREWALL,
        created="",
        fields="name description action enabled",
    ),
    neutron(
        "bgpvpn",
        "/bgpvpn/bgpvpns",
        extension="bgpvpn",
        created="",
        fields="name",
        uses={
            "network": "networks",
            "router": "routers",
            "port": "ports",
        },
    ),
    neutron("port_pair", "/sfc/port_pairs", extension=_CHAIN, created="", uses={"port": ("ingress", "egress")}),
    neutron(
        "port_pair_group",
        "/sfc/port_pair_groups",
        extension=_CHAIN,
        created="",
        uses={"port_pair": "port_pairs"},
    ),
    neutron(
        "flow_classifier",
        "/sfc/flow_classifiers",
        extension=_CHAIN,
        created="",
        uses={"port": ("logical_source_port", "logical_destination_port")},
    ),
    neutron(
        "port_chain",
        "/sfc/port_chains",
        extension=_CHAIN,
        created="",
        uses={"port_pair_group": "port_pair_groups", "flow_classifier": "flow_classifiers"},
    ),
    neutron(
        "bgp_speaker",
        "/bgp-speakers",
        extension=_BGP,
        created="",
        fields="name",
        uses={
            "bgp_peer": "peers",
            "network": "networks",
        },
    ),
    neutron("bgp_peer", "/bgp-peers", extension=_BGP, created="", fields="name"),
    neutron("tap_service", "/taas/tap_services", extension="taas", created="", uses={"port": "port_id"}),
    neutron(
        "tap_flow",
        "/taas/tap_flows",
        extension="taas",
        created="",
        uses={"tap_service": "tap_service_id", "port": "source_port"},
    ),
)
