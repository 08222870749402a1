package authz.scenarios_test

# METADATA
# title: What becomes of what a browser sends with its cookie
# description: |
#   Everything else is as usual. What a safe method asks for changes nothing, wherever
#   it was begun: the answer is shown to the person alone.
#     own page       a page of the same origin began it
#     another site   a page of any other origin did, of the same hospital too
#     not said       the browser does not say
_browsers := `
who      | does             | method  | own page        | another site    | not said
doctor   | patient.read     | safe    | yes             | yes             | yes
doctor   | patient.list     | safe    | yes             | yes             | yes
doctor   | service.add      | unsafe  | yes             | cross_site      | cross_site
doctor   | service.edit     | unsafe  | yes             | cross_site      | cross_site
doctor   | patient.delete   | unsafe  | yes             | cross_site      | cross_site
doctor   | model.predict    | unsafe  | yes             | cross_site      | cross_site
doctor   | patient.read     | upgrade | yes             | cross_site      | cross_site
nurse    | service.complete | unsafe  | yes             | cross_site      | cross_site
nurse    | service.edit     | unsafe  | no              | cross_site      | cross_site
patient  | bill.list        | safe    | yes             | yes             | yes
patient  | session.end      | unsafe  | yes             | cross_site      | cross_site
security | user.approve     | unsafe  | yes             | cross_site      | cross_site
security | user.list        | safe    | yes             | yes             | yes
auditor  | audit.read       | safe    | yes             | yes             | yes
`

_begun := {"own page": "own", "another site": "foreign", "not said": "unknown"}

_by_browser(row, column) := json.patch(_asking(row.who, row.does), [
	{"op": "replace", "path": "/context/credential/presented", "value": "cookie"},
	{"op": "replace", "path": "/context/credential/site", "value": _begun[column]},
	{"op": "replace", "path": "/action/method", "value": row.method},
])

test_every_line_about_browsers_is_a_row if count(_table(_browsers)) == _rows(_browsers)

test_browser_own_page[name] if {
	some row in _table(_browsers)
	name := sprintf("%s does %s (%s)", [row.who, row.does, row.method])
	_said(_by_browser(row, "own page")) == row["own page"]
}

test_browser_another_site[name] if {
	some row in _table(_browsers)
	name := sprintf("%s does %s (%s)", [row.who, row.does, row.method])
	_said(_by_browser(row, "another site")) == row["another site"]
}

test_browser_not_said[name] if {
	some row in _table(_browsers)
	name := sprintf("%s does %s (%s)", [row.who, row.does, row.method])
	_said(_by_browser(row, "not said")) == row["not said"]
}
