package authz.assume.site_test

import data.authz.assume.site
import data.authz.golden_test as golden

_from(presented, from) := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/credential/presented", "value": presented},
	{"op": "replace", "path": "/context/credential/site", "value": from},
])

test_is_impossible[name] if {
	some name, request in {
		"a token in a header from the own site": _from("header", "own"),
		"a token in a header from another site": _from("header", "foreign"),
		"no token from the own site": _from("", "own"),
	}
	site.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"a token in a header": golden.doctor,
		"a cookie from the own site": _from("cookie", "own"),
		"a cookie from another site": _from("cookie", "foreign"),
		"a cookie from an unknown place": _from("cookie", "unknown"),
		"a stranger": golden.stranger,
	}
	not site.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not site.impossible with data.authz.tables as golden.tables with input as {}
