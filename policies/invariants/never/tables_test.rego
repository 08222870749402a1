package invariants.never_test

import data.authz.golden_test as golden

# Tables that no hospital would sign, by the invariant that refuses them and by what is
# wrong with them.
_tables := {
	"boundless_travel": {
		"drift": {"limits": {"drift_kilometres": 501}},
		"speed": {"limits": {"travel_kilometres_an_hour": 2001}},
		"countries": {"limits": {"travel_country_seconds": 59}},
	},
	"cheap_hashing": {"one is missing": {"costly": _costly - {"log_in.attempt"}}},
	"endless_days": {"": {"thresholds": {"day_begins": 0, "day_ends": 24}}},
	"guesses": {"": {"limits": {"code_attempts": 11}}},
	"idle_sessions": {"": {"limits": {"refresh_idle_seconds": 14401}}},
	"long_bars": {"": {"limits": {"code_bar_seconds": 86401}}},
	"long_codes": {"": {"limits": {"code_seconds": 901}}},
	"long_elevation": {"": {"thresholds": {"elevation_seconds": 3601}}},
	"long_sessions": {"": {"limits": {"session_seconds": 86401}}},
	"long_taps": {
		"a tap": {"thresholds": {"tap_seconds": 901}},
		"a shift": {"limits": {"shift_seconds": 57601}},
	},
	"long_tokens": {"": {"limits": {"access_token_seconds": 901}}},
	"loose_predictions": {
		"a row is missing": {"prediction_budget": {"seconds": 600}},
		"no window": {"prediction_budget": {"rows": 300, "seconds": 59}},
		"a long one": {"prediction_budget": {"rows": 300, "seconds": 3601}},
		"none": {"prediction_budget": {"rows": 9, "seconds": 600}},
		"many": {"prediction_budget": {"rows": 5001, "seconds": 600}},
	},
	"nervous_thresholds": {"": {"thresholds": {"patients_many": 19}}},
	"old_facts": {"": {"freshness": {"care": {"stale_after": 301}}}},
	"old_revocation_lists": {
		"revocations": {"freshness": {"revocation": {"stale_after": 11}}},
		"care": {"freshness": {"care": {"stale_after": 61}}},
	},
	"passes_as_step_ups": {"": {"pass_acr": "a", "step_up_acr": "a"}},
	"self_made_officers": {"": {
		"roles": {"security": {"sign_up": true}},
		"actions": {"user.list": {"right": "Manage users"}},
		"rights": {"Manage users": {"security": "any"}},
	}},
	"short_bars": {"": {"limits": {"wrong_passwords_bar_seconds": 59}}},
	"short_elevation": {"": {"thresholds": {"elevation_seconds": 29}}},
	"starving_quotas": {"": {"quotas": {"records": 599}}},
	"unnoticed_failures": {"": {"thresholds": {"failed_log_ins_many": 101}}},
	"unnoticed_reading": {
		"many": {"thresholds": {"patients_many": 501}},
		"far more": {"thresholds": {"patients_far_more": 1001}},
		"beyond habit": {"thresholds": {"patients_far_more_times": 51}},
	},
	"wide_networks": {"": {"networks": {"hospital": ["198.51.0.0/16", "203.0.113.0/24"]}}},
	"wide_networks_of_ipv6": {"": {"networks": {"hospital": ["2001:db8::/31"]}}},
}

_costly := {"account.forgot", "account.reset", "account.sign_up", "account.verify", "log_in.attempt", "session.elevate"}

test_table_violates[[name, what]] if {
	some name, cases in _tables
	some what, tables in cases
	data.invariants.never[name].violated with data.authz.tables as tables
}

# Request lines under another's name.
_lines := {
	"another's action": {"routes": [_bills("service.list", "patient")]},
	"another resource": {"routes": [_bills("bill.list", "service")]},
	"by its header": {"routes": [object.union(_bills("bill.read", "page"), {"method": "HEAD"})]},
	"one of several methods": {"routes": [object.union(_bills("page.show", "patient"), {"method": ["POST", "GET"]})]},
	"one of a set of methods": {"routes": [object.union(_bills("page.show", "patient"), {"method": {"POST", "GET"}})]},
}

_wide_lines := {
	"by another parameter": {"routes": [object.union(_bills("page.show", "page"), {"path": "/api/patients/{page}/bills"})]},
	"by more lines": {"routes": [object.union(_bills("page.show", "page"), {"path": "/api/{page}/{of}/bills"})]},
	"by all lines": {"routes": [object.union(_bills("page.show", "page"), {"path": "/{page...}"})]},
	"what no request asks for": {"routes": [_bills("session.create", "patient")]},
	"a name of the hospital's own": {"routes": [_bills("bill.of_the_hospital", "patient")]},
}

test_line_violates[what] if {
	some what, tables in _lines
	data.invariants.never.borrowed_lines.violated with data.authz.tables as tables
}

test_wide_line_violates[what] if {
	some what, tables in _wide_lines
	data.invariants.never.borrowed_lines.violated with data.authz.tables as tables
}

_bills(action, resource) := {
	"method": "GET",
	"path": "/api/patients/{patient}/bills",
	"application": "records",
	"action": action,
	"resource": resource,
}

test_lines_under_their_names_do_not if {
	routes := [_bills("bill.list", "patient"), object.union(_bills("bill.of_the_hospital", "bill"), {"application": "billing"})]
	not data.invariants.never.borrowed_lines.violated with data.authz.tables.routes as routes
}

test_all_that_is_costly_does_not if not data.invariants.never.cheap_hashing.violated with data.authz.tables.costly as _costly

test_private_networks_may_be_wide if {
	networks := {"hospital": ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "2001:db8::/32"]}
	not data.invariants.never.wide_networks.violated with data.authz.tables.networks as networks
	not data.invariants.never.wide_networks_of_ipv6.violated with data.authz.tables.networks as networks
}

# The sentinel's.
_sentinel := {
	"banning_by_machine": {"": {"by_machine": {"staff": {"ban"}}}},
	"deaf_sentinel": {
		"denials": {"thresholds": {"denials": 601}},
		"other systems": {"external": {"malware": 101}},
	},
	"long_verdicts": {"": {"verdicts": {"flood": {"seconds": 86401}}}},
	"machines_step_up": {"": {"by_machine": {"machine": {"step_up", "alert"}}}},
	"nervous_sentinel": {"": {"thresholds": {"patients": 49}}},
	"short_verdicts": {"": {"verdicts": {"flood": {"seconds": 59}}}},
	"toothless_sentinel": {"": {"verdicts": {"flood": {"alert_only": true}}}},
}

test_table_of_the_sentinel_violates[[name, what]] if {
	some name, cases in _sentinel
	some what, tables in cases
	data.invariants.never[name].violated with data.sentinel.tables as tables
}

test_ordinary_tables_violate_nothing[name] if {
	some name, _ in object.union_n([_tables, {"borrowed_lines": _lines}, _sentinel])
	not data.invariants.never[name].violated with data.authz.tables as object.union(golden.tables, {"costly": _costly})
		with data.sentinel.tables as {"verdicts": {"flood": {"seconds": 900, "alert_only": false}}, "by_machine": {"staff": {"alert"}}}
}
