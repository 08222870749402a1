# METADATA
# title: Without an account there is no role, no record and no department
package authz.assume.account

impossible if {
	input.subject.properties.account == ""
	_of_an_account
}

_of_an_account if input.subject.properties.role != ""

_of_an_account if input.subject.properties.staff != ""

_of_an_account if input.subject.properties.patient != ""

_of_an_account if input.subject.properties.department != ""
