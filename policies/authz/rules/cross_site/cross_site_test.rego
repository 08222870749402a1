package authz.rules.cross_site_test

import data.authz.golden_test as golden
import data.authz.rules.cross_site

_sent(presented, method, site) := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/credential/presented", "value": presented},
	{"op": "replace", "path": "/context/credential/site", "value": site},
	{"op": "replace", "path": "/action/method", "value": method},
])

test_denials[name] if {
	some name, case in {
		"another site changes something": ["cookie", "unsafe", "foreign"],
		"another site opens a tunnel": ["cookie", "upgrade", "foreign"],
		"a change of unknown origin": ["cookie", "unsafe", "unknown"],
		"a tunnel of unknown origin": ["cookie", "upgrade", "unknown"],
		"it is not known what it does": ["cookie", "", "foreign"],
		"a method that does not exist": ["cookie", "odd", "foreign"],
		"a site that does not exist": ["cookie", "unsafe", "friendly"],
		"a way that does not exist": ["letter", "unsafe", "foreign"],
	}
	[presented, method, site] := case
	cross_site.deny == {"cross_site"} with data.authz.tables as golden.tables with input as _sent(presented, method, site)
}

test_is_not_denied[name] if {
	some name, case in {
		"the own page changes something": ["cookie", "unsafe", "own"],
		"the own page opens a tunnel": ["cookie", "upgrade", "own"],
		"another site leads here": ["cookie", "safe", "foreign"],
		"the person typed the address": ["cookie", "safe", "unknown"],
		"a token in a header": ["header", "unsafe", "unknown"],
		"no token": ["", "unsafe", "unknown"],
	}
	[presented, method, site] := case
	cross_site.deny == set() with data.authz.tables as golden.tables with input as _sent(presented, method, site)
}

test_another_site_does_not_log_in if {
	request := json.patch(golden.stranger, [
		{"op": "replace", "path": "/context/credential", "value": {
			"state": "expired",
			"presented": "cookie",
			"site": "foreign",
			"acr": "",
			"amr": "",
			"factors": "none",
			"elevation": "none",
		}},
		{"op": "replace", "path": "/action/method", "value": "unsafe"},
	])
	cross_site.deny == {"cross_site"} with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if cross_site.deny == {"cross_site"} with data.authz.tables as golden.tables with input as {}
