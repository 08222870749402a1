# METADATA
# title: The hospital's own networks are no more than a large hospital has
package invariants.never.wide_networks

violated if {
	_public > 65536
}

# How many public addresses of IPv4 there are in all of them: a /16 has that many.
_public := sum([addresses |
	some networks in data.authz.tables.networks
	some network in networks
	not contains(network, ":")
	not _private(network)
	addresses := bits.lsh(1, 32 - to_number(split(network, "/")[1]))
])

_private(network) if net.cidr_contains("10.0.0.0/8", network)

_private(network) if net.cidr_contains("127.0.0.0/8", network)

_private(network) if net.cidr_contains("172.16.0.0/12", network)

_private(network) if net.cidr_contains("192.168.0.0/16", network)
