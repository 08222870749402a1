# METADATA
# title: Calm behaviour
# description: A subject and an address that nothing is to be said about. Tests vary them by json.patch.
package sentinel.calm_test

subject := {
	"who": "subject",
	"kind": "patient",
	"place": "",
	"signals": {
		"state": "fresh",
		"requests": "usual",
		"denials": "usual",
		"sprayed_accounts": "usual",
		"patients": "usual",
		"predictions": "usual",
		"new_device": false,
		"new_country": false,
		"impossible_travel": false,
	},
	"external": [],
}

address := json.patch(subject, [
	{"op": "replace", "path": "/who", "value": "address"},
	{"op": "replace", "path": "/kind", "value": ""},
	{"op": "replace", "path": "/place", "value": "off_site"},
])

with_value(behaviour, path, value) := json.patch(behaviour, [{"op": "replace", "path": path, "value": value}])
