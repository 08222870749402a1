# METADATA
# title: What a verdict of that name does here
package sentinel.sentence

import data.sentinel.tables

# METADATA
# title: The row of the table, as it is carried out
named[id] := {
	"id": id,
	"do": _do[id],
	"seconds": row.seconds,
	"tell": row.tell,
} if {
	some id, row in tables.verdicts
}

_do[id] := "alert" if {
	some id, _ in tables.verdicts
	_only_tells[id]
}

_do[id] := row.do if {
	some id, row in tables.verdicts
	not _only_tells[id]
	row.do in _may
}

_do[id] := "step_up" if {
	some id, row in tables.verdicts
	not _only_tells[id]
	not row.do in _may
	"step_up" in _may
}

_do[id] := "alert" if {
	some id, row in tables.verdicts
	not _only_tells[id]
	not row.do in _may
	not "step_up" in _may
}

_may := object.get(tables.by_machine, _who, {"alert"})

default _who := "staff"

_who := "address" if input.who == "address"

_who := input.kind if {
	not input.who == "address"
	input.kind != ""
}

_only_tells contains id if {
	some id, row in tables.verdicts
	row.alert_only
}

# Whole wards share an address of the hospital's own.
_only_tells contains id if {
	some id, _ in tables.verdicts
	input.place == "on_site"
}
