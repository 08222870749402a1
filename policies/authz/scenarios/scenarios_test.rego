# METADATA
# title: Scenarios, how they are read
# description: |
#   Who may do what, in tables that need no Rego to be read. They are about the
#   tables as they are delivered: a folder that is put over this rule book brings
#   its own, or none (docs/overlays.md).
#     yes        it is allowed
#     no         the role does not have the right (role_forbidden)
#     -          it cannot be
#     not now    an information point that is needed knows too little
#     anything else is what the answer says instead, by its codes
package authz.scenarios_test

import data.authz
import data.authz.golden_test as golden
import data.authz.tables

# _people are those of the columns. All of them are in the hospital by day, are known
# and healthy to every information point, work with their own patient, ward or
# record, and have just proved a second factor.
_people := {
	"doctor": _elevated(golden.doctor),
	"nurse": _elevated(golden.nurse),
	"patient": _elevated(golden.patient),
	"security": _elevated(golden.security),
	"auditor": _elevated(golden.with_value(golden.security, "/subject/properties/role", "auditor")),
	"machine": json.patch(golden.security, [
		{"op": "replace", "path": "/subject/type", "value": "machine"},
		{"op": "replace", "path": "/subject/properties/role", "value": "machine"},
		{"op": "replace", "path": "/subject/properties/department", "value": ""},
		{"op": "replace", "path": "/context/care/same_department", "value": false},
	]),
	"stranger": golden.stranger,
}

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/amr", "value": "pwd otp"},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

# _asking is a person who asks for an action, on what such actions are about.
_asking(person, action) := json.patch(_people[person], [
	{"op": "replace", "path": "/action/name", "value": action},
	{"op": "replace", "path": "/resource", "value": _about(action)},
])

_about(action) := {"type": "patient", "id": ""} if action in _about_no_one

_about(action) := {"type": "patient", "id": "p-1"} if {
	not action in _about_no_one
	_kind(action) in {"patient", "bill"}
}

_about(action) := {"type": _kind(action), "id": "x-1"} if not _kind(action) in {"patient", "bill"}

_about_no_one := {"patient.add", "patient.list"}

_kind(action) := split(action, ".")[0]

# _said is how a table says what is answered. What has no reason is allowed.
_said(request) := _words(reasons) if reasons := authz.reasons with input as request

_words(reasons) := "yes" if reasons == set()

_words(reasons) := "-" if "input_impossible" in reasons

_words(reasons) := concat(", ", {_word(code) | some code in _shown(reasons)}) if {
	reasons != set()
	not "input_impossible" in reasons
}

# _shown are the reasons beside which others mean nothing, where there is one.
_shown(reasons) := alone if {
	alone := {code | some code in reasons; tables.reasons[code].alone}
	alone != set()
}

_shown(reasons) := reasons if {
	every code in reasons {
		not tables.reasons[code].alone
	}
}

_word(code) := "no" if code == "role_forbidden"

_word(code) := "not now" if tables.reasons[code].status == 503

_word(code) := code if {
	code != "role_forbidden"
	tables.reasons[code].status != 503
}

# _table reads a table: a line of names, and one of cells for each row.
_table(text) := [row |
	lines := [line | some line in split(text, "\n"); contains(line, "|")]
	header := _cells(lines[0])
	some i, line in lines
	i > 0
	cells := _cells(line)
	count(cells) == count(header)
	row := {name: cells[n] | some n, name in header}
]

_cells(line) := [trim_space(cell) | some cell in split(line, "|")]

# _rows counts the lines of a table, so that none is passed over that has a cell too
# many.
_rows(text) := count([line | some line in split(text, "\n"); contains(line, "|")]) - 1

test_every_line_of_a_table_is_a_row if {
	every text in array.concat([text | some _, text in _usual], [_circumstances]) {
		count(_table(text)) == _rows(text)
	}
}

_actions := {row.does | some _, text in _usual; some row in _table(text)}

test_every_action_has_a_row if {
	missing := object.keys(tables.actions) - _actions
	missing == set()
}

test_every_row_is_about_an_action if _actions - object.keys(tables.actions) == set()

# _named are the actions that have a cell for somebody.
_named(person) := {row.does |
	some _, text in _usual
	some row in _table(text)
	row[person]
}

test_every_role_has_a_cell_for_every_action[person] if {
	some person, _ in object.union(tables.roles, {"stranger": {}})
	missing := object.keys(tables.actions) - _named(person)
	missing == set()
}

test_every_role_is_a_person if object.keys(tables.roles) - object.keys(_people) == set()
