# METADATA
# title: Who treats a patient is said of known relationships, and of subjects with the record to match
package authz.assume.care

impossible if {
	input.context.care.treats
	_unrelated
}

impossible if {
	input.context.care.treats
	input.subject.properties.staff == ""
}

impossible if {
	input.context.care.own
	_unrelated
}

impossible if {
	input.context.care.own
	input.subject.properties.patient == ""
}

impossible if {
	input.context.care.same_department
	_unrelated
}

impossible if {
	input.context.care.same_department
	input.subject.properties.department == ""
}

_unrelated if input.context.care.state == "unknown"
