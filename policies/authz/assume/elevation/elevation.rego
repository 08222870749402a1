# METADATA
# title: An elevation is of the level that a step-up gives, by two factors that it names
package authz.assume.elevation

import data.authz.tables

impossible if {
	input.context.credential.elevation in {"fresh", "expired"}
	_unfounded
}

_unfounded if input.context.credential.acr != tables.step_up_acr

_unfounded if input.context.credential.factors != "two"

_unfounded if not _named

_named if {
	some method in split(input.context.credential.amr, " ")
	method != ""
}
