package authz.rules.bans_test

import data.authz.golden_test as golden
import data.authz.rules.bans

_managing(action, id) := json.patch(golden.security, [
	{"op": "replace", "path": "/action/name", "value": action},
	{"op": "replace", "path": "/resource", "value": {"type": "user", "id": id}},
])

test_own_account_is_left_to_others[action] if {
	some action in ["user.approve", "user.ban", "user.unban", "user.revoke", "user.remove_factor", "user.disable", "user.change", "user.link"]
	bans.deny == {"own_account"} with data.authz.tables as golden.tables with input as _managing(action, golden.security.subject.id)
}

test_other_accounts_are_administered[action] if {
	some action in ["user.approve", "user.ban", "user.unban", "user.revoke", "user.remove_factor", "user.disable", "user.change", "user.link"]
	bans.deny == set() with data.authz.tables as golden.tables with input as _managing(action, "u-doctor")
}

test_own_account_may_be_seen if bans.deny == set() with data.authz.tables as golden.tables with input as _managing("user.list", golden.security.subject.id)

test_empty_input_is_silent if bans.deny == set() with data.authz.tables as golden.tables with input as {}
