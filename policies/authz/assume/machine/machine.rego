# METADATA
# title: A machine has a machine's role, no person's record and no elevation
package authz.assume.machine

import data.authz.tables

impossible if {
	input.subject.type == "machine"
	_person
}

_person if input.subject.properties.staff != ""

_person if input.subject.properties.patient != ""

_person if input.context.credential.elevation != "none"

_person if tables.roles[input.subject.properties.role].kind != "machine"
