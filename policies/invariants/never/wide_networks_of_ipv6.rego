# METADATA
# title: The hospital's own networks of IPv6 are no larger than one that is given to a customer
package invariants.never.wide_networks_of_ipv6

violated if {
	some networks in data.authz.tables.networks
	some network in networks
	contains(network, ":")
	to_number(split(network, "/")[1]) < 32
}
